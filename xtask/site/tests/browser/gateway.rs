//! Os laboratórios do API Gateway: o que cada um desenha segue o que se muda nele.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::page::{Look, Page, TWO_LOOKS};

/// Um laboratório é olhado na mesa, no claro, e no telefone, no escuro; as páginas inteiras passam pelas quatro em `looks`.
async fn open(bench: &Bench, page: &str, look: Look) -> Page {
    let page = bench.open_in(&format!("gateway/{page}.html"), look).await;
    page.find(".lab-origem").await.select_by_value("reference").await.unwrap();
    page.find(".lab-bloco").await;
    page
}

/// Muda um controle como quem o digita ou escolhe; não espera o resultado.
async fn set(page: &Page, control: &str, value: &str) {
    let script = "const [name, value] = arguments; const control = document.querySelector(`.lab [name=${name}]`); \
                  if (control.type === 'checkbox') control.checked = value === 'true'; else control.value = value; \
                  control.dispatchEvent(new Event('input', { bubbles: true }));";
    page.script(script, vec![json!(control), json!(value)]).await;
}

/// Escolhe um exemplo pronto pelo nome.
async fn choose(page: &Page, label: &str) {
    let script = "const select = document.querySelector('.lab-exemplos'); \
                  const option = [...select.options].find((option) => option.textContent === arguments[0]); \
                  select.value = option.value; select.dispatchEvent(new Event('change', { bubbles: true })); return option.value;";
    let chosen = page.script(script, vec![json!(label)]).await;
    assert!(chosen.as_str().is_some_and(|value| !value.is_empty()), "o exemplo `{label}` existe");
}

/// Espera o resultado do laboratório dizer todas estas palavras.
async fn says(page: &Page, words: &[&str]) {
    let script = "const text = document.querySelector('.lab').textContent; \
                  return arguments[0].every((words) => text.includes(words)) || null;";
    page.until(script, json!([words])).await;
}

async fn photograph(page: &Page, name: &str, look: Look) {
    page.script("document.querySelector('.lab').scrollIntoView()", vec![]).await;
    page.photograph(&format!("{name}-{}", look.name)).await;
    page.script("document.querySelector('.lab-resultado').scrollIntoView()", vec![]).await;
    page.photograph(&format!("{name}-result-{}", look.name)).await;
}

pub async fn a_template_is_rendered_as_it_is_typed(bench: &Bench) {
    for look in TWO_LOOKS {
        let page = open(bench, "mapping", look).await;
        photograph(&page, "lab-template", look).await;
        set(&page, "body", r#"{"n":[1,2]}"#).await;
        set(&page, "template", "#foreach($i in $input.path('$.n'))<$i>#end").await;
        says(&page, &["<1><2>"]).await;
        set(&page, "template", "um\n  #if($x").await;
        says(&page, &["linha 2"]).await;
        let bad = page.count(".lab .bl-mal").await;
        assert_eq!(bad, 1, "o erro do template é um bloco só, marcado como erro");
        photograph(&page, "lab-template-error", look).await;
        page.close().await;
    }
}

pub async fn an_example_fills_the_policy_and_the_verdict_follows(bench: &Bench) {
    for look in TWO_LOOKS {
        let page = open(bench, "authorizers", look).await;
        choose(&page, "Permite tudo, menos apagar alertas").await;
        says(&page, &["explicit deny"]).await;
        photograph(&page, "lab-policy", look).await;
        choose(&page, "Permite tudo").await;
        let gone = "return !document.querySelector('.lab-resultado').textContent.includes('explicit deny') || null";
        page.until(gone, json!([])).await;
        page.close().await;
    }
}

pub async fn the_bucket_follows_its_sliders(bench: &Bench) {
    for look in TWO_LOOKS {
        let page = open(bench, "throttling", look).await;
        let refused = "return document.querySelector('.lab .bl-fileira.tl-throttled') !== null || null";
        page.until(refused, json!([])).await;
        photograph(&page, "lab-bucket", look).await;
        set(&page, "rate", "50").await;
        set(&page, "load", "5").await;
        let none = "return document.querySelector('.lab .bl-fileira.tl-throttled') === null || null";
        page.until(none, json!([])).await;
        page.close().await;
    }
}

pub async fn the_explorer_shows_where_a_request_stops(bench: &Bench) {
    for look in TWO_LOOKS {
        let page = open(bench, "pipeline", look).await;
        choose(&page, "um alerta sem assinatura, com um corpo que não serve").await;
        says(&page, &["403", "MISSING_AUTHENTICATION_TOKEN"]).await;
        let stopped = page.text(".lab .bl-recusou .bl-etapa").await;
        assert_eq!(stopped, "authorizer");
        assert!(page.count(".lab .bl-pulou").await >= 4, "as etapas depois do authorizer não rodaram");
        photograph(&page, "lab-explorer", look).await;
        choose(&page, "a previsão, duas vezes: a segunda sai do cache").await;
        says(&page, &["respondeu no lugar da integração", "CacheHitCount"]).await;
        page.close().await;
    }
}

/// O módulo que o gerador escreveu é importado de verdade, e o `fetch` dele chega ao gateway que roda na página.
pub async fn the_generated_client_calls_the_gateway_in_the_page(bench: &Bench) {
    for look in TWO_LOOKS {
        let page = open(bench, "sdk", look).await;
        says(&page, &["O que o cliente devolveu", "\"serra-clara\""]).await;
        photograph(&page, "lab-sdk", look).await;
        choose(&page, "falta um parâmetro").await;
        says(&page, &["O que o cliente devolveu", "Error", "city"]).await;
        choose(&page, "cancelar o alerta 117").await;
        says(&page, &["O que o cliente devolveu", "status: 401"]).await;
        set(&page, "token", "true").await;
        let cancelled = "return !document.querySelector('.lab-resultado').textContent.includes('status: 401') || null";
        page.until(cancelled, json!([])).await;
        assert_eq!(page.count(".lab [aria-live] .bl-mal").await, 0, "com o token, o alerta é cancelado");
        page.close().await;
    }
}

/// A moldura do cliente não alcança a página, o servidor nem o armazenamento.
pub async fn the_frame_of_the_client_is_isolated(bench: &Bench) {
    let page = open(bench, "sdk", TWO_LOOKS[0]).await;
    let source = "export function createClient() { return { async probe() { \
                  const tried = async (name, run) => { try { await run(); return name + ': alcançou'; } catch { return name + ': não'; } }; \
                  return Promise.all([tried('pagina', () => parent.document.title), tried('rede', () => globalThis.fetch('/')), \
                  tried('armazenamento', () => localStorage.length)]); } }; }";
    let script = "const [source, done] = arguments; const frame = document.createElement('iframe'); \
                  frame.setAttribute('sandbox', 'allow-scripts'); frame.src = '../caderno/client.html'; \
                  frame.onload = () => { const channel = new MessageChannel(); \
                  channel.port1.onmessage = ({ data }) => done(data); \
                  frame.contentWindow.postMessage(JSON.stringify({ source, config: {}, operation: 'probe', params: {}, body: null }), '*', [channel.port2]); }; \
                  document.body.append(frame);";
    let answer = page.client.execute_async(script, vec![json!(source)]).await.unwrap();
    let Value::String(answer) = answer else { panic!("a moldura não respondeu: {answer}") };
    for place in ["pagina: não", "rede: não", "armazenamento: não"] {
        assert!(answer.contains(place), "{place}: {answer}");
    }
    page.close().await;
}

/// Com a resposta de todos os passos no lugar do código do leitor, é o código dele que gera o cliente e que o atende.
pub async fn the_reader_code_serves_its_own_client(bench: &Bench) {
    let chapter = bench.course.chapter("gateway").unwrap();
    for step in &chapter.steps {
        bench.starter(&step.id.to_string());
    }
    let page = open(bench, "sdk", TWO_LOOKS[0]).await;
    page.find(".lab-origem").await.select_by_value("reader").await.unwrap();
    page.text_with(".lab-nota", "ainda não foi escrito").await;
    for step in &chapter.steps {
        let answer = bench.answer(&step.id.to_string());
        std::fs::write(bench.course.root.join(chapter.exercise_file(step)), answer).unwrap();
    }
    page.find(".lab-origem").await.select_by_value("reference").await.unwrap();
    page.find(".lab-origem").await.select_by_value("reader").await.unwrap();
    page.until("return document.querySelector('.lab-nota').hidden || null", json!([])).await;
    says(&page, &["O que o cliente devolveu", "\"serra-clara\""]).await;
    page.close().await;
}
