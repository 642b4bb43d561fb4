(() => {
  const script = document.currentScript;
  const frame = document.createElement("iframe");
  const address = new URL(script.src.replace(/\/embed\.js/, ""));
  address.searchParams.set("page", location.origin + location.pathname);
  frame.src = address.href;
  frame.title = "Contact form";
  frame.style.cssText = "width:100%;height:44rem;border:0";
  addEventListener("message", (event) => {
    const height = event.source === frame.contentWindow && event.data && event.data.basecampForm;
    if (event.origin === address.origin && typeof height === "number") frame.style.height = height + "px";
  });
  script.after(frame);
})();
