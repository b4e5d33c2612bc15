"""`strmctl demo`: the whole story on this machine, with an origin whose links really expire.

`clip.ts` and `film.mp4` were made once; 600 frames in 24 s each, tables before every keyframe:

    ffmpeg -f lavfi -i testsrc=size=320x180:rate=25:duration=24 \
      -f lavfi -i sine=frequency=440:sample_rate=32000:duration=24 \
      -c:v libx264 -profile:v baseline -preset veryslow -crf 30 -g 50 -keyint_min 50 \
      -sc_threshold 0 -pix_fmt yuv420p -c:a aac -b:a 20k -ac 1 -muxdelay 0 -muxpreload 0 \
      -f hls -hls_time 4 -hls_playlist_type vod -hls_flags single_file \
      -hls_segment_options pat_period=30:sdt_period=30:mpegts_flags=resend_headers clip.m3u8

    ffmpeg -f lavfi -i testsrc=size=320x180:rate=25:duration=24,hue=h=140 \
      -f lavfi -i sine=frequency=660:sample_rate=32000:duration=24 \
      -c:v libx264 -profile:v baseline -preset veryslow -crf 32 -g 50 -pix_fmt yuv420p \
      -c:a aac -b:a 20k -ac 1 -movflags +faststart film.mp4
"""
