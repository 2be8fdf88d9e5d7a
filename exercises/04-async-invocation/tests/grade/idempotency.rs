//! Avalia o passo `idempotency`: a chave, a decisão e o invólucro em volta do efeito.

use std::cell::RefCell;
use std::time::Duration;

use async_invocation::idempotency::{
    Alert, Config, Decision, Delivery, Key, OnceError, Record, Status, Store, decide, idempotency_key, once,
};
use rstest::rstest;
use tokio::time::{Instant, advance, sleep, timeout};

const BETO: &str = "+5554999990101";
const CELIA: &str = "+5554999990202";
const HAIL: &str = "Granizo em Serra Clara até as 16h";

fn delivery(request_id: &str, alert_id: &str, phone: &str, text: &str) -> Delivery {
    Delivery {
        request_id: request_id.to_owned(),
        alert: Alert { id: alert_id.to_owned(), phone: phone.to_owned(), text: text.to_owned() },
    }
}

/// O celular de quem assina: conta os SMS e devolve um protocolo diferente para cada um.
#[derive(Default)]
struct Phone {
    messages: RefCell<Vec<String>>,
}

impl Phone {
    fn receive(&self, text: &str) -> String {
        let mut messages = self.messages.borrow_mut();
        messages.push(text.to_owned());
        format!("SMS {} entregue", messages.len())
    }

    /// Um efeito que sempre dá certo.
    async fn send(&self, text: &str) -> Result<String, String> {
        Ok(self.receive(text))
    }

    fn count(&self) -> usize {
        self.messages.borrow().len()
    }
}

fn store() -> Store {
    Store::new(Duration::ZERO)
}

fn config(function_timeout: u64, ttl: u64) -> Config {
    Config { function_timeout: Duration::from_secs(function_timeout), ttl: Duration::from_secs(ttl) }
}

/// A chave é a mesma quando o alerta volta com outro `awsRequestId`
#[test]
fn the_key_survives_a_new_request_id() {
    let first = delivery("7f0c-primeira", "granizo-118", BETO, HAIL);
    let again = delivery("b91e-reentrega", "granizo-118", BETO, HAIL);
    let (a, b) = (idempotency_key(&first), idempotency_key(&again));
    assert!(
        a == b,
        "o alerta granizo-118 chegou duas vezes ao mesmo telefone, com os awsRequestId {:?} e {:?}: a reentrega do \
         serviço de origem é uma invocação nova e ganha um id novo, mas o SMS é o mesmo; as chaves foram {a:?} e {b:?}",
        first.request_id,
        again.request_id
    );
}

/// Dois SMS diferentes nunca têm a mesma chave
#[rstest]
#[case::other_phone(("granizo-118", BETO), ("granizo-118", CELIA))]
#[case::other_alert(("granizo-118", BETO), ("granizo-119", BETO))]
#[case::digits_that_slide(("17", "55549"), ("7", "555491"))]
#[case::digits_that_slide_forward(("55549", "17"), ("555491", "7"))]
fn different_messages_have_different_keys(#[case] one: (&str, &str), #[case] other: (&str, &str)) {
    let a = idempotency_key(&delivery("7f0c", one.0, one.1, HAIL));
    let b = idempotency_key(&delivery("7f0c", other.0, other.1, HAIL));
    assert!(
        a != b,
        "o alerta {:?} para {} e o alerta {:?} para {} são dois SMS, mas receberam a mesma chave {a:?}: quem chegar \
         depois recebe o resultado do outro e não manda nada",
        one.0,
        one.1,
        other.0,
        other.1
    );
}

/// O texto do alerta fica fora da chave
#[test]
fn the_text_is_not_in_the_key() {
    let original = delivery("7f0c", "granizo-118", BETO, HAIL);
    let edited = delivery("7f0c", "granizo-118", BETO, "Granizo em Serra Clara até as 17h");
    let (a, b) = (idempotency_key(&original), idempotency_key(&edited));
    assert!(
        a == b,
        "o alerta granizo-118 para {BETO} é um só; com o texto dentro da chave, um texto trocado por engano vira outro \
         SMS em vez de ser recusado (chaves: {a:?} e {b:?})"
    );
}

/// O que o registro da chave tinha quando a entrega chegou.
#[derive(Debug, Clone, Copy)]
enum Found {
    Nothing,
    InProgress,
    Completed,
}

/// A decisão sai do registro, do texto e da hora
#[rstest]
#[case::no_record(Found::Nothing, HAIL, 0, Decision::Run)]
#[case::in_progress(Found::InProgress, HAIL, 1_000, Decision::Busy)]
#[case::last_instant_of_the_reservation(Found::InProgress, HAIL, 60_000, Decision::Busy)]
#[case::reservation_expired(Found::InProgress, HAIL, 60_001, Decision::Run)]
#[case::completed(Found::Completed, HAIL, 1_000, Decision::Replay("SMS 41".to_owned()))]
#[case::last_instant_of_the_result(Found::Completed, HAIL, 60_000, Decision::Replay("SMS 41".to_owned()))]
#[case::result_expired(Found::Completed, HAIL, 60_001, Decision::Run)]
#[case::other_text_completed(Found::Completed, "Geada", 1_000, Decision::Refuse)]
#[case::other_text_in_progress(Found::InProgress, "Geada", 1_000, Decision::Refuse)]
#[case::other_text_expired(Found::Completed, "Geada", 60_001, Decision::Run)]
#[tokio::test(start_paused = true)]
async fn the_decision_follows_the_record(
    #[case] found: Found,
    #[case] payload: &str,
    #[case] after_ms: u64,
    #[case] expected: Decision,
) {
    let limit = Instant::now() + Duration::from_secs(60);
    let status = match found {
        Found::Nothing => None,
        Found::InProgress => Some(Status::InProgress { until: limit }),
        Found::Completed => Some(Status::Completed { result: "SMS 41".to_owned(), expires_at: limit }),
    };
    let record = status.map(|status| Record { payload: HAIL.to_owned(), status });
    let now = Instant::now() + Duration::from_millis(after_ms);
    let got = decide(record.as_ref(), payload, now);
    assert!(
        got == expected,
        "registro encontrado: {found:?}, gravado pelo texto {HAIL:?} e válido até 60.000 ms, inclusive; a entrega traz \
         {payload:?} e chega em {after_ms} ms: o certo é {expected:?}, veio {got:?}"
    );
}

/// A reentrega com outro `awsRequestId` recebe o resultado guardado e não manda outro SMS
#[tokio::test(start_paused = true)]
async fn a_redelivery_gets_the_stored_result() {
    let (store, phone) = (store(), Phone::default());
    let first = delivery("7f0c", "granizo-118", BETO, HAIL);
    let again = delivery("b91e", "granizo-118", BETO, HAIL);
    let a = once(&store, Config::default(), &first, || phone.send(HAIL)).await;
    advance(Duration::from_secs(600)).await;
    let b = once(&store, Config::default(), &again, || phone.send(HAIL)).await;
    assert!(
        phone.count() == 1,
        "o S3, o SNS e o EventBridge podem entregar o mesmo evento de novo, com outro awsRequestId; o alerta \
         granizo-118 foi entregue 2 vezes em 10 minutos e o celular recebeu {} SMS",
        phone.count()
    );
    assert!(
        (a.clone(), b.clone()) == (Ok("SMS 1 entregue".to_owned()), Ok("SMS 1 entregue".to_owned())),
        "a repetição devolve o mesmo resultado da primeira vez; a primeira devolveu {a:?} e a repetição {b:?}"
    );
}

/// As 3 chamadas do Lambda acham o SMS já enviado, mesmo que a função falhe depois dele
#[tokio::test(start_paused = true)]
async fn the_retries_of_lambda_find_the_first_result() {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let mut results = Vec::new();
    // A original, e mais 2: depois de 1 minuto e depois de outros 2. O invólucro termina bem; quem falha é
    // uma linha da função que vem depois dele.
    for wait in [0, 60, 120] {
        advance(Duration::from_secs(wait)).await;
        results.push(once(&store, Config::default(), &event, || phone.send(HAIL)).await);
    }
    assert!(
        phone.count() == 1,
        "a função falhou depois do SMS nas 3 chamadas (0 s, 60 s e 180 s): o efeito já estava registrado na 1ª, então \
         só 1 SMS deveria sair; saíram {}",
        phone.count()
    );
    let same = vec![Ok("SMS 1 entregue".to_owned()); 3];
    assert!(results == same, "as 3 chamadas devolvem o resultado da 1ª; vieram {results:?}");
}

/// Cada chave guarda o seu próprio resultado
#[tokio::test(start_paused = true)]
async fn each_key_keeps_its_own_result() {
    let store = store();
    let sent = RefCell::new(Vec::new());
    for round in 0..3 {
        for subscriber in 0..12 {
            let phone = format!("+55549999{subscriber:05}");
            let text = format!("Granizo para o lote {subscriber}");
            let event = delivery(&format!("req-{round}-{subscriber}"), "granizo-118", &phone, &text);
            let got = once(&store, Config::default(), &event, || async {
                sent.borrow_mut().push(phone.clone());
                Ok(format!("enviado a {phone}"))
            })
            .await;
            let expected = Ok(format!("enviado a {phone}"));
            assert!(
                got == expected,
                "rodada {round}: a entrega para {phone} tem a própria chave e recebe o próprio resultado; veio {got:?}"
            );
        }
    }
    assert!(
        sent.borrow().len() == 12,
        "12 assinantes em 3 rodadas do mesmo alerta: 12 SMS ao todo; saíram {}",
        sent.borrow().len()
    );
}

/// Duas tentativas ao mesmo tempo: uma roda o efeito, a outra termina em erro
#[rstest]
#[case::together(0)]
#[case::while_the_first_reserves(4)]
#[case::while_the_effect_runs(500)]
#[tokio::test(start_paused = true)]
async fn two_attempts_at_once_run_the_effect_once(#[case] behind_ms: u64) {
    let store = Store::new(Duration::from_millis(10));
    let phone = Phone::default();
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let slow = || async {
        sleep(Duration::from_secs(1)).await;
        phone.send(HAIL).await
    };
    let (a, b) = tokio::join!(once(&store, Config::default(), &event, slow), async {
        sleep(Duration::from_millis(behind_ms)).await;
        once(&store, Config::default(), &event, slow).await
    });
    assert!(
        phone.count() == 1,
        "a tabela responde em 10 ms e as duas tentativas começaram com {behind_ms} ms de diferença: conferir e reservar \
         tem de ser um ato só, como a escrita condicional do DynamoDB; saíram {} SMS",
        phone.count()
    );
    let busy = [&a, &b].iter().filter(|r| ***r == Err(OnceError::InProgress)).count();
    assert!(
        busy == 1,
        "quem chega durante o efeito ainda não tem resultado para devolver e termina em InProgress, para o Lambda tentar \
         mais tarde; as duas tentativas devolveram {a:?} e {b:?}"
    );
}

/// Um erro do efeito libera a chave para a próxima tentativa
#[tokio::test(start_paused = true)]
async fn an_error_releases_the_key() {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let limits = config(900, 3_600);
    let first = once(&store, limits, &event, || async { Err("a operadora recusou a conexão".to_owned()) }).await;
    assert!(
        first == Err(OnceError::Effect("a operadora recusou a conexão".to_owned())),
        "o erro do efeito chega inteiro a quem chamou; veio {first:?}"
    );
    advance(Duration::from_secs(60)).await;
    let second = once(&store, limits, &event, || phone.send(HAIL)).await;
    assert!(
        (phone.count(), second.clone()) == (1, Ok("SMS 1 entregue".to_owned())),
        "o efeito falhou na 1ª tentativa e nenhum SMS saiu; 60 s depois o Lambda tenta de novo, e esta tentativa tem de \
         encontrar a chave livre (a função tem timeout de 900 s): saíram {} SMS e a 2ª tentativa devolveu {second:?}",
        phone.count()
    );
}

/// Depois de uma queda no meio do efeito, a chave fica presa só até o timeout da função
#[rstest]
#[case::default_timeout(3, 1)]
#[case::one_minute(60, 1)]
#[case::longest_timeout(900, 1)]
#[case::before_the_message_left(60, 0)]
#[tokio::test(start_paused = true)]
async fn a_crash_holds_the_key_until_the_function_timeout(#[case] function_timeout: u64, #[case] sent: usize) {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let limits = config(function_timeout, 86_400);
    let start = Instant::now();
    // O ambiente de execução morre antes de registrar o fim: o future é largado no meio.
    let dies = || async {
        (0..sent).for_each(|_| drop(phone.receive(HAIL)));
        std::future::pending().await
    };
    let crashed = timeout(Duration::from_secs(1), once(&store, limits, &event, dies)).await;
    assert!(crashed.is_err(), "o efeito não terminou, mas `once` devolveu {crashed:?}");
    advance(Duration::from_secs(function_timeout) - start.elapsed()).await;
    let held = once(&store, limits, &event, || phone.send(HAIL)).await;
    assert!(
        (phone.count(), held.clone()) == (sent, Err(OnceError::InProgress)),
        "a 1ª tentativa reservou a chave em 0 s e caiu sem terminar o efeito; até {function_timeout} s (o timeout da \
         função) ela ainda poderia estar rodando, e não há resultado para devolver: quem chega recebe InProgress. Antes \
         da queda saíram {sent} SMS, agora são {}, e veio {held:?}",
        phone.count()
    );
    advance(Duration::from_millis(1)).await;
    let after = once(&store, limits, &event, || phone.send(HAIL)).await;
    let expected = format!("SMS {} entregue", sent + 1);
    assert!(
        (phone.count(), after.clone()) == (sent + 1, Ok(expected.clone())),
        "passado o timeout de {function_timeout} s ninguém mais roda com essa reserva, e o efeito não foi registrado: ele \
         roda (de novo, se o SMS já tinha saído; perder o alerta seria pior). O certo é {expected:?}; saíram {} SMS e \
         veio {after:?}",
        phone.count()
    );
}

/// O resultado vale desde o fim do efeito até o TTL, inclusive
#[rstest]
#[case::one_hour(3_600, 2)]
#[case::one_day(86_400, 40)]
#[tokio::test(start_paused = true)]
async fn the_result_lives_from_the_end_of_the_effect_to_the_ttl(#[case] ttl: u64, #[case] effect_seconds: u64) {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let limits = config(60, ttl);
    let slow = || async {
        sleep(Duration::from_secs(effect_seconds)).await;
        phone.send(HAIL).await
    };
    let first = once(&store, limits, &event, slow).await;
    let end = Instant::now();
    assert!(first == Ok("SMS 1 entregue".to_owned()), "a 1ª tentativa roda o efeito, que leva {effect_seconds} s");
    advance(Duration::from_secs(ttl) - end.elapsed()).await;
    let repeated = once(&store, limits, &event, slow).await;
    assert!(
        (phone.count(), repeated.clone()) == (1, Ok("SMS 1 entregue".to_owned())),
        "o TTL de {ttl} s conta do fim do efeito (aos {effect_seconds} s), e no último instante o resultado ainda vale: \
         saíram {} SMS e veio {repeated:?}",
        phone.count()
    );
    advance(Duration::from_secs(ttl) + Duration::from_millis(1) - end.elapsed()).await;
    let expired = once(&store, limits, &event, slow).await;
    assert!(
        (phone.count(), expired.clone()) == (2, Ok("SMS 2 entregue".to_owned())),
        "1 ms depois do TTL de {ttl} s o registro venceu (mesmo que a tabela ainda o mostre) e o alerta é tratado como \
         novo: saíram {} SMS e veio {expired:?}",
        phone.count()
    );
}

/// Outro texto com a mesma chave é recusado, e o resultado guardado fica como estava
#[tokio::test(start_paused = true)]
async fn another_text_under_the_same_key_is_refused() {
    let (store, phone) = (store(), Phone::default());
    let original = delivery("7f0c", "granizo-118", BETO, HAIL);
    let edited = delivery("b91e", "granizo-118", BETO, "Granizo até as 17h");
    let first = once(&store, Config::default(), &original, || phone.send(HAIL)).await;
    let refused = once(&store, Config::default(), &edited, || phone.send("Granizo até as 17h")).await;
    assert!(
        (phone.count(), refused.clone()) == (1, Err(OnceError::PayloadMismatch)),
        "o alerta granizo-118 voltou com outro texto: devolver o resultado antigo esconderia a mudança, e mandar o SMS \
         repetiria o alerta; o Powertools recusa. Saíram {} SMS e veio {refused:?}",
        phone.count()
    );
    let again = once(&store, Config::default(), &original, || phone.send(HAIL)).await;
    assert!(
        again == first,
        "a entrega recusada não muda o registro: o texto original continua recebendo {first:?}; veio {again:?}"
    );
}

/// Quem chega durante o efeito não mexe na reserva de quem está rodando
#[tokio::test(start_paused = true)]
async fn a_busy_attempt_leaves_the_reservation_alone() {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let limits = config(60, 3_600);
    let reserved = Record {
        payload: HAIL.to_owned(),
        status: Status::InProgress { until: Instant::now() + Duration::from_secs(60) },
    };
    let key: Key = idempotency_key(&event);
    store.put(&key, reserved.clone()).await;
    advance(Duration::from_secs(30)).await;
    let busy = once(&store, limits, &event, || phone.send(HAIL)).await;
    let record = store.get(&key).await;
    assert!(
        (phone.count(), busy.clone()) == (0, Err(OnceError::InProgress)),
        "a chave está reservada até 60 s e a entrega chega em 30 s: nenhum SMS e InProgress; saíram {} e veio {busy:?}",
        phone.count()
    );
    assert!(
        record == Some(reserved.clone()),
        "a reserva é de quem está rodando: apagar ou esticar o prazo dela daria a vez a uma terceira tentativa; era \
         {reserved:?} e ficou {record:?}"
    );
}
