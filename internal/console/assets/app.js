// What the pages of WorkDrive gain from script. Every page works without it.
"use strict";

(() => {
  const say = (name) => document.body.dataset[name];
  const language = document.documentElement.lang;
  const timeZone = say("zone") || undefined; // the reader's own, else the browser's
  const formats = {
    day: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone }),
    full: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone }),
  };

  // Times are written for every reader; show them in the words of this one.
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

  // Files go to the store by themselves; the form then names them.
  for (const field of document.querySelectorAll("[data-upload]")) {
    const input = field.querySelector("input[type=file]");
    const status = field.querySelector("[role=status]");
    const named = document.createElement("input");
    named.type = "hidden";
    named.name = field.dataset.upload;
    field.append(named);
    field.hidden = false;
    input.addEventListener("change", async () => {
      const file = input.files[0];
      named.value = "";
      if (!file) return;
      status.textContent = status.dataset.sending;
      const send = input.form.querySelector("button");
      send.disabled = true;
      try {
        const about = new URLSearchParams({ mime: file.type, name: file.name, module: field.dataset.module });
        const asked = await fetch("/upload", { method: "POST", body: about });
        if (!asked.ok) throw new Error(String(asked.status));
        const slot = await asked.json();
        const form = new FormData();
        for (const [name, value] of Object.entries(slot.signedRequest.fields)) form.append(name, value);
        form.append("file", file);
        const sent = await fetch(slot.signedRequest.url, { method: "POST", body: form });
        if (!sent.ok) throw new Error(String(sent.status));
        named.value = slot.fileId;
        input.removeAttribute("name"); // the form names it, and need not send it again
        status.textContent = status.dataset.sent;
      } catch {
        status.textContent = status.dataset.failed;
      }
      send.disabled = false;
    });
  }

  // Who was found and checked stays, whatever is looked for next.
  document.addEventListener("change", (event) => {
    const picker = event.target.closest?.(".people-picker");
    if (!picker || event.target.type !== "checkbox") return;
    const label = event.target.closest("label");
    const picked = picker.querySelector("[data-picked]");
    const twin = picked.querySelector(`input[value="${CSS.escape(event.target.value)}"]`);
    if (event.target.checked && !picked.contains(label)) {
      if (twin) label.remove();
      else picked.append(label);
    }
  });

  // What happens is told by a stream; what a page shows of it is asked for then. While there is no
  // stream, pages ask by themselves from time to time (hx-trigger).
  let stream;
  let ready = false; // a stream that has said so tells everything from then on
  const hears = () => ready && stream?.readyState === EventSource.OPEN;
  const look = () => document.body.dispatchEvent(new CustomEvent("live"));
  const listen = () => {
    if (document.hidden) {
      stream?.close(); // a browser has few connections to a server
      stream = undefined;
      ready = false;
      return;
    }
    if (stream) return;
    stream = new EventSource("/live");
    stream.addEventListener("error", () => (ready = false));
    for (const type of ["ready", "reset"]) stream.addEventListener(type, () => (ready = true));
    let waiting;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(look, 50); // much at once is one look
    };
    for (const type of ["ready", "reset", "message.sent", "message.updated", "message.deleted", "notification.created", "notification.read"]) {
      stream.addEventListener(type, soon);
    }
  };
  if ("live" in document.body.dataset && "EventSource" in window) {
    document.addEventListener("visibilitychange", listen);
    addEventListener("pagehide", () => stream?.close());
    listen();
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asked = event.detail.requestConfig?.triggeringEvent?.type === "live";
    if (event.target.matches?.("[data-polls]") && !asked && hears()) event.preventDefault();
  });

  // A notification whose link is followed is read.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-read]");
    if (link) navigator.sendBeacon("/notifications/read", new URLSearchParams({ id: link.dataset.read, quietly: "yes" }));
  });

  // Push messages: the browser's service gives an address, which the form keeps.
  for (const form of document.querySelectorAll("form[data-push]")) {
    if (!("serviceWorker" in navigator && "PushManager" in window)) continue;
    form.hidden = false;
    const status = form.querySelector("[role=status]");
    form.addEventListener("submit", async (event) => {
      if (form.elements.endpoint.value) return;
      event.preventDefault();
      status.textContent = "";
      try {
        if ((await Notification.requestPermission()) !== "granted") {
          status.textContent = status.dataset.refused;
          return;
        }
        await navigator.serviceWorker.register("/worker.js");
        const registration = await navigator.serviceWorker.ready;
        const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: form.dataset.push });
        const { endpoint, keys } = made.toJSON();
        form.elements.endpoint.value = endpoint;
        form.elements.p256dh.value = keys.p256dh;
        form.elements.auth.value = keys.auth;
        form.requestSubmit();
      } catch {
        status.textContent = status.dataset.failed;
      }
    });
  }

  // Time zones are offered by their names.
  for (const input of document.querySelectorAll("[data-zones]")) {
    input.addEventListener("focus", () => {
      if (input.list.options.length) return;
      for (const zone of ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])]) input.list.append(new Option(zone, zone));
    });
  }

  // Where somebody is stands in sight, also in a row that is wider than the screen.
  for (const here of document.querySelectorAll(".side [aria-current], .tabs .here")) {
    const row = here.parentElement;
    if (row.scrollWidth > row.clientWidth) here.scrollIntoView({ block: "nearest", inline: "center" });
  }

  localTimes(document);
  scrollLogs(document);
})();
