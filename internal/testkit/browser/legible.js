// Everything about a page that keeps somebody from reading it: text wider than
// the screen, text too pale for its ground (WCAG 2.2, 1.4.3), pictures without
// words.
(() => {
  const faults = [];
  const parts = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const { rgb, a } = parts(getComputedStyle(e).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const enough = (style) => {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  };
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) faults.push(`the page is ${over} pixels wider than the screen`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = texts.nextNode(); n; n = texts.nextNode()) {
    const e = n.parentElement;
    const words = n.data.trim();
    if (!words || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const ratio = contrast(parts(style.color).rgb, ground(e));
    if (ratio < enough(style)) faults.push(`contrast ${ratio.toFixed(1)}: ${words.slice(0, 40)}`);
  }
  for (const i of document.images) {
    if (!i.alt.trim()) faults.push(`a picture without words: ${i.src.slice(0, 40)}`);
    if (!i.complete || !i.naturalWidth) faults.push(`a picture that is not there: ${i.src.slice(0, 40)}`);
  }
  return faults;
})()
