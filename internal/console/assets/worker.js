// The service worker of WorkDrive: it shows push messages, and keeps nothing.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data.json();
  } catch {
    // what cannot be read still has to be shown: browsers demand it
  }
  event.waitUntil(
    self.registration.showNotification(message.title || "WorkDrive", {
      body: message.body || "",
      tag: message.subjectId || message.id, // more about the same thing takes the place of what was shown
      data: { link: message.link },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const inbox = new URL("/notifications", self.location.origin);
  let target = inbox;
  try {
    target = new URL(event.notification.data?.link ?? inbox, inbox);
  } catch {
    // an address that is none
  }
  if (target.origin !== inbox.origin) target = inbox;
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((windows) => {
      const open = windows.find((one) => new URL(one.url).pathname === target.pathname);
      return open ? open.focus() : self.clients.openWindow(target);
    }),
  );
});

// A push service may give a browser another address.
self.addEventListener("pushsubscriptionchange", (event) => {
  const options = event.oldSubscription?.options ?? event.newSubscription?.options;
  if (!options) return;
  event.waitUntil(
    self.registration.pushManager.subscribe(options).then((made) => {
      const { endpoint, keys } = made.toJSON();
      return fetch("/settings/notifications/devices", { method: "POST", body: new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth }), redirect: "manual" });
    }),
  );
});
