// Before anything is painted: what was chosen here last, otherwise what the system says.
const theme = localStorage.getItem("strmctl-theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
