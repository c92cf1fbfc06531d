// What the pages of WorkDrive gain from script. Every page works without it.
"use strict";

(() => {
  const say = (name) => document.body.dataset[name];
  const language = document.documentElement.lang;
  const formats = {
    day: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
    full: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
  };

  // Times are written in UTC; show them as the clock of this browser has them.
  const localTimes = (root) => {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const at = new Date(element.dateTime);
      if (!Number.isNaN(at.getTime())) {
        element.textContent = (element.dataset.local === "day" ? formats.day : formats.full).format(at);
      }
      element.removeAttribute("data-local");
    }
  };

  // Conversations begin at their end.
  const scrollLogs = (root) => {
    for (const element of root.querySelectorAll("[data-log]")) {
      element.scrollTop = element.scrollHeight;
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      const from = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(from.textContent.trim());
      } catch {
        const range = document.createRange(); // no permission: select it for the reader
        range.selectNodeContents(from);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        return;
      }
      button.textContent = say("copied");
    }
    // A menu closes when something else is clicked.
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // What cannot be undone is asked about first.
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (!question || event.target.dataset.confirmed) return;
    event.preventDefault();
    const { target: form, submitter } = event;
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = question;
    const row = document.createElement("div");
    row.className = "actions";
    const no = document.createElement("button");
    no.type = "button";
    no.className = "button quiet-button";
    no.textContent = say("cancel");
    const yes = document.createElement("button");
    yes.type = "button";
    yes.className = "button danger";
    yes.textContent = say("continue");
    row.append(no, yes);
    dialog.append(text, row);
    document.body.append(dialog);
    dialog.setAttribute("aria-label", question);
    dialog.addEventListener("close", () => {
      dialog.remove();
      submitter?.focus();
    });
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      form.dataset.confirmed = "yes";
      dialog.close();
      form.requestSubmit(submitter);
    });
    dialog.showModal();
    no.focus();
  }, true);

  // A log that is read at its end stays there when messages arrive.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const log = event.target.closest?.("[data-log]");
    if (log) log.dataset.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80 ? "yes" : "";
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    localTimes(document);
    const log = event.target.closest?.("[data-log]");
    if (log?.dataset.atEnd) log.scrollTop = log.scrollHeight;
  });

  // Enter sends a message, Shift and Enter begins a new line.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches?.("textarea[data-send]")) {
      event.preventDefault();
      if (event.target.value.trim()) event.target.form.requestSubmit();
    }
  });

  localTimes(document);
  scrollLogs(document);
})();
