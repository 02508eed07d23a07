// Charts drawn from the page's own table, so that picture and numbers cannot disagree.
// Where drawing fails, the bars that the server drew stay in place.
(function () {
  "use strict";

  function rowsOf(table) {
    return Array.from(table.querySelectorAll("tbody tr[data-x]")).map(function (row) {
      return {
        at: Date.parse(row.dataset.x + "T00:00:00Z") / 1000,
        spend: Number(row.dataset.spend) / 1e6,
        clicks: Number(row.dataset.clicks)
      };
    }).sort(function (a, b) { return a.at - b.at; });
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function draw(place) {
    var table = document.getElementById(place.dataset.chart);
    var plain = place.parentElement.querySelectorAll("[data-chart-plain]");
    var rows = table ? rowsOf(table) : [];
    if (rows.length < 2 || !window.uPlot) { return null; }
    place.hidden = false;
    var line = { stroke: colour("--tblr-secondary"), grid: { stroke: colour("--tf-line") },
      ticks: { stroke: colour("--tf-line") } };
    var drawn = new window.uPlot({
      width: place.clientWidth, height: 220,
      tzDate: function (at) { return window.uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"); },
      cursor: { y: false },
      scales: { clicks: { range: function (u, low, high) { return [0, Math.max(1, high)]; } } },
      axes: [
        Object.assign({ incrs: [1, 2, 7, 14, 30, 90].map(function (days) { return days * 86400; }),
          values: "{D} {MMM}", space: 60 }, line),
        Object.assign({ values: function (u, all) { return all.map(function (one) { return "$" + one; }); } }, line),
        Object.assign({ scale: "clicks", side: 1 }, line, { grid: { show: false } })
      ],
      series: [
        { label: "Day (UTC)", value: "{YYYY}-{MM}-{DD}" },
        { label: "Spend", stroke: colour("--tblr-primary"), width: 2, points: { size: 6 },
          value: function (u, v) { return v === null ? "–" : "$" + v.toFixed(2); } },
        { label: "Clicks", scale: "clicks", stroke: colour("--tf-wait"), width: 2, dash: [6, 4], points: { size: 6 } }
      ]
    }, [
      rows.map(function (row) { return row.at; }),
      rows.map(function (row) { return row.spend; }),
      rows.map(function (row) { return row.clicks; })
    ], place);
    // The picture has no name of its own: it is described by the table, which everybody can read.
    drawn.root.setAttribute("aria-hidden", "true");
    plain.forEach(function (one) { one.setAttribute("hidden", ""); });
    return drawn;
  }

  function start() {
    document.querySelectorAll("[data-chart]").forEach(function (place) {
      var drawn = null;
      function again() {
        if (drawn) { drawn.destroy(); drawn = null; }
        try {
          drawn = draw(place);
        } catch (refused) {
          place.hidden = true;
        }
      }
      again();
      window.addEventListener("resize", function () {
        if (drawn) { drawn.setSize({ width: place.clientWidth, height: 220 }); }
      });
      new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    });
  }

  start();
})();
