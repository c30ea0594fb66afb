// What the rule grid does in the browser: how a cell looks, when it may be edited, pasting and copying.
const haodianGrid = {
  tone: (params, key) => {
    const tone = params.data && params.data.tones ? params.data.tones[key] : "";
    return tone ? `cell-${tone}` : "";
  },
  look: (params) => {
    const key = params.column.colId;
    const kind = key.startsWith("o_") ? "outcome" : "given";
    const above = params.api.getDisplayedRowAtIndex(params.rowIndex - 1);
    const same = kind === "given" && above && above.data[key] === params.value ? " same" : "";
    const locked = params.data.locked.includes(key) ? " locked" : "";
    const right = /ag-right/.test(params.colDef.headerClass || "") ? " ag-right-aligned-cell" : "";
    return `${kind}${same}${locked}${right} ${haodianGrid.tone(params, key)}`.trim();
  },
  told: (params) => {
    const told = params.data.told[params.column.colId];
    return told || (params.value && String(params.value).length > 18 ? params.value : null);
  },
  editable: (params) => params.context.canEdit && !params.data.locked.includes(params.column.colId),
  key: (params) => {
    const event = params.event;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && event.target.tagName !== "INPUT") {
      event.preventDefault();
      event.target.dispatchEvent(new CustomEvent("undo-edit", { bubbles: true }));
    }
  },
  // A block goes to the server as one text; nothing of it is read as anything but text on the way.
  paste: (event, api, emit) => {
    const cell = api.getFocusedCell();
    if (event.target.tagName === "INPUT" || event.target.tagName === "TEXTAREA" || !cell || cell.column.colId === "n") return;
    const text = (event.clipboardData || window.clipboardData).getData("text/plain");
    event.preventDefault();
    if (text) emit({ row: cell.rowIndex, column: cell.column.colId, text });
  },
  copy: (event, api) => {
    const cell = api.getFocusedCell();
    if (event.target.tagName === "INPUT" || String(document.getSelection()) || !cell) return;
    const node = api.getDisplayedRowAtIndex(cell.rowIndex);
    event.clipboardData.setData("text/plain", String(api.getCellValue({ rowNode: node, colKey: cell.column.colId }) ?? ""));
    event.preventDefault();
  },
};
