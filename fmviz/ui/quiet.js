// Streamlit draws a chart first and gives it its rows then, and hands Vega no level for its log: so
// Vega warns of each axis that has no rows yet. Nothing else that it says is held back, and
// not what it says before a page's scripts have come.

if (!window.fmvizQuiet) {
  window.fmvizQuiet = true;
  const NO_ROWS = /^(Infinite extent for field .*: \[Infinity, -Infinity\]|Log scale domain includes zero: \[(NaN,NaN|Infinity,-Infinity|,)\])$/;
  const warn = console.warn.bind(console);
  console.warn = (level, ...said) => {
    if (level !== "WARN" || !NO_ROWS.test(said[0])) warn(level, ...said);
  };
}
