// Toda a lógica está em book/web, em Rust; aqui só se liga uma coisa à outra.
const page = document.documentElement;
const config = JSON.parse(document.getElementById('caderno-config')?.textContent ?? '{}');

// Sem ninguém que os atenda, os botões somem: o texto, as dicas e a lista do que os testes conferem continuam.
function stop(reason) {
    page.classList.add('caderno-parado');
    // O mdBook o põe acima da barra, de onde a página já nasce rolada.
    const written = document.querySelector('.caderno-aviso');
    if (written) document.querySelector('main')?.prepend(written);
    if (!reason || !document.querySelector('.passo, .lab, .quiz')) return;
    console.warn('caderno:', reason);
    const note = document.createElement('p');
    note.className = 'caderno-aviso';
    note.setAttribute('role', 'note');
    note.textContent = `O que se mexe nesta página não carregou (${reason.message ?? reason}). Recarregue a página; se não adiantar, tente um navegador mais novo.`;
    document.querySelector('main')?.prepend(note);
}

if (config.wasm === false) {
    // O servidor não tem com que compilar `web.js`; o aviso já veio escrito na página.
    stop();
} else {
    try {
        const { default: init, start } = await import('./web.js');
        await init({ module_or_path: new URL('./web_bg.wasm', import.meta.url) });
        start(new URL('.', import.meta.url).href);
    } catch (reason) {
        stop(reason);
    }
}
