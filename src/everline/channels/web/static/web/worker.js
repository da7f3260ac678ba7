// The worker between the site and the network. It keeps static files, whose names hold a hash of
// what is in them, and one page that holds nobody's data. Every other page is asked of the server
// each time, so a price is never an old one. EVERLINE is written above by installing.py.

const CACHE = `everline-${EVERLINE.version}`;
const HASHED = /^\/static\/.+\.[0-9a-f]{12}\.[a-z0-9]+$/;
const OTHERS = /^\/(api|callbacks|dev|hotline|kiosk|office|outbox|store|till|tour)(\/|$)/;

const keepOffline = async (cache) => {
  const answer = await fetch(EVERLINE.offline, { cache: "no-store" });
  if (answer.ok) await cache.put(EVERLINE.offline, answer);
};

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(EVERLINE.kept);
    await keepOffline(cache);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("everline-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

const fromCache = async (request) => {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  const isForEver = (answer.headers.get("Cache-Control") ?? "").includes("immutable");
  if (answer.ok && isForEver) await cache.put(request, answer.clone());
  return answer;
};

// The page without a connection is kept in the language in which the site is read.
const keepLanguage = async (language) => {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(EVERLINE.offline);
  if (language && kept?.headers.get("Content-Language") !== language) await keepOffline(cache);
};

const fromNetwork = async (event) => {
  try {
    const answer = await fetch(event.request);
    const language = answer.headers.get("Content-Language");
    event.waitUntil(keepLanguage(language).catch(() => {}));
    return answer;
  } catch {
    const cache = await caches.open(CACHE);
    return (await cache.match(EVERLINE.offline)) ?? Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (HASHED.test(pathname)) event.respondWith(fromCache(request));
  else if (EVERLINE.kept.includes(request.url.slice(origin.length))) {
    event.respondWith(fromCache(request));
  } else if (request.mode === "navigate" && !OTHERS.test(pathname)) {
    event.respondWith(fromNetwork(event));
  }
});

self.addEventListener("push", (event) => {
  const { title, body, tag, url } = event.data?.json() ?? {};
  if (!title) return;
  event.waitUntil(self.registration.showNotification(title, {
    body,
    tag,
    icon: "/icons/any-192.png",
    data: { url },
  }));
});

// Only a page of this site is opened, whatever a message says.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { pathname } = new URL(event.notification.data?.url ?? "/", self.location.origin);
  event.waitUntil(self.clients.openWindow(pathname));
});
