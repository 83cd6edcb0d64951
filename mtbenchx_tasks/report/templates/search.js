document.getElementById("search").style.display = "block";
document.querySelector("#search input").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  document.querySelectorAll("tbody tr").forEach((row) => {
    row.classList.toggle("hit-no", !row.textContent.toLowerCase().includes(wanted));
  });
});
