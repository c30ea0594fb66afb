// What the rule grid does in the browser: how a cell looks, when it may be edited, pasting and copying.
const haodianGrid = {
  tone: (params) => params.data.tones[params.column.colId],
  same: (params) => {
    const above = params.api.getDisplayedRowAtIndex(params.rowIndex - 1);
    return !params.column.colId.startsWith("o_") && params.column.colId !== "n" && !!above && above.data[params.column.colId] === params.value;
  },
  told: (params) => {
    const told = params.data.told[params.column.colId];
    return told || (params.value && String(params.value).length > 18 ? params.value : null);
  },
  editable: (params) => params.context.canEdit && !params.data.locked.includes(params.column.colId),
  key: (params) => {
    const event = params.event;
    // An input method announces itself before its first character: give it the editor in time.
    if (event.key === "Process" && event.target.tagName !== "INPUT")
      params.api.startEditingCell({ rowIndex: params.rowIndex, colKey: params.column.colId });
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
