// A host of MCP Apps for the tests: the official host side (app-bridge), bundled into a page that frames the app as hosts do.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

/** Shows an app; what it says goes to `window.heard`, what it calls to `window.callTool`, which the test has put there. */
window.show = async (html, { input, result, theme, tool, calls = true }) => {
    window.heard = { sizes: [], contexts: [], calls: [] };
    document.querySelector("iframe")?.remove();
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = "app";
    frame.style.cssText = "display: block; width: 100%; border: 0; height: 60px";
    const capabilities = { updateModelContext: { text: {} }, ...(calls ? { serverTools: {} } : {}) };
    const bridge = new AppBridge(null, { name: "test-host", version: "1" }, capabilities, {
        hostContext: { theme, displayMode: "inline", containerDimensions: { maxHeight: 500 }, ...(tool ? { toolInfo: { tool: { name: tool, inputSchema: { type: "object" } } } } : {}) },
    });
    bridge.onsizechange = ({ width, height }) => {
        window.heard.sizes.push({ width, height });
        frame.style.height = `${height}px`;
    };
    bridge.oncalltool = async (params) => {
        window.heard.calls.push(params);
        return JSON.parse(await window.callTool(JSON.stringify(params)));
    };
    bridge.onupdatemodelcontext = async (params) => {
        window.heard.contexts.push(params);
        return {};
    };
    const ready = new Promise((resolve) => {
        bridge.oninitialized = resolve;
    });
    document.body.append(frame);
    await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
    frame.srcdoc = html;
    await ready;
    window.bridge = bridge;
    await bridge.sendToolInput({ arguments: input });
    if (result) await bridge.sendToolResult(result);
};
