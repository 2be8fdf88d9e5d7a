// Toda a lógica está em book/web, em Rust; aqui só se liga uma coisa à outra.
import init, { start } from './web.js';

await init({ module_or_path: new URL('./web_bg.wasm', import.meta.url) });
start(new URL('.', import.meta.url).href);
