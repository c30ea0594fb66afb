// Completion and hover in the YAML editor. What may be written is asked of the server, line by line.
const haodianEditor = {
  waiting: new Map(),
  count: 0,
  // Give an editor its completion and its hover; `facts` holds, by name, the lines that describe a fact.
  async attach(id, facts, label) {
    const CM = await import("nicegui-codemirror");
    const element = getElement(id);
    const view = element && element.editor;
    if (!view) { setTimeout(() => this.attach(id, facts, label), 60); return; }
    // One function for ever: the editor tells sources apart by identity.
    const source = { autocomplete: (context) => this.ask(element, context) };
    view.dispatch({ effects: CM.StateEffect.appendConfig.of([
      CM.EditorState.languageData.of(() => [source]),
      CM.hoverTooltip((shown, place) => this.hover(shown, place, facts)),
    ]) });
    view.contentDOM.setAttribute("aria-label", label);
    view.contentDOM.dataset.completes = "yes";
  },
  ask(element, context) {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    if (!context.explicit && !/[\w.'"\u4e00-\u9fff]$|[=:[,{(] ?$|- $/.test(before)) return null;
    const number = ++this.count;
    element.$emit("complete", { number, line: line.number, before });
    return new Promise((resolve) => {
      this.waiting.set(number, resolve);
      context.addEventListener?.("abort", () => { this.waiting.delete(number); resolve(null); });
      setTimeout(() => { if (this.waiting.delete(number)) resolve(null); }, 3000);
    }).then((answer) => answer && answer.options.length
      ? { from: context.pos - answer.back, options: answer.options, filter: false }
      : null);
  },
  answer(number, answer) {
    const resolve = this.waiting.get(number);
    this.waiting.delete(number);
    if (resolve) resolve(answer);
  },
  hover(view, place, facts) {
    const line = view.state.doc.lineAt(place);
    for (const match of line.text.matchAll(/[a-z_]\w*(?:\.[a-z_]\w*)+/g)) {
      const from = line.from + match.index;
      const told = facts[match[0]];
      if (told && from <= place && place <= from + match[0].length)
        return { pos: from, end: from + match[0].length, above: true, create: () => ({ dom: this.card(match[0], told) }) };
    }
    return null;
  },
  card(name, lines) {
    const dom = document.createElement("div");
    dom.className = "fact-card";
    for (const [index, said] of [lines[0], name, ...lines.slice(1)].entries()) {
      const row = document.createElement("div");
      row.className = index === 0 ? "b" : index === 1 ? "mono f" : "s m";
      row.textContent = said;
      dom.append(row);
    }
    return dom;
  },
};
