// Roda um módulo de testes fora da página; a lógica está em book/web/src/worker.rs.
import init, { worker } from './web.js';

// Uma mensagem pode chegar antes de o WASM carregar: quem a guarda até lá é esta fila.
const early = [];
self.onmessage = (event) => early.push(event);
await init({ module_or_path: new URL('./web_bg.wasm', import.meta.url) });
worker();
early.forEach((event) => self.onmessage(event));
