// Files that the page makes of what it shows.

import { h } from "./dom";

export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const saveText = (name: string, kind: string, text: string): void => save(name, new Blob([text], { type: kind }));

const drawn = (drawing: SVGSVGElement): Blob => new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" });

export const saveDrawing = (name: string, drawing: SVGSVGElement): void => save(name, drawn(drawing));

/** The drawing as pixels, at twice its size. */
export async function savePixels(name: string, drawing: SVGSVGElement): Promise<void> {
  const url = URL.createObjectURL(drawn(drawing));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [width, height] = [Number(drawing.getAttribute("width")), Number(drawing.getAttribute("height"))];
    const canvas = h("canvas", { width: width * 2, height: height * 2 });
    const context = canvas.getContext("2d");
    context?.scale(2, 2);
    context?.drawImage(image, 0, 0, width, height);
    const pixels = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (pixels) save(name, pixels);
  } finally {
    URL.revokeObjectURL(url);
  }
}
