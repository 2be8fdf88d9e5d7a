//! Avalia o passo `idempotency`: a chave, a decisão e o invólucro em volta do efeito.

use std::cell::{Cell, RefCell};
use std::future::{Ready, ready};
use std::time::Duration;

use async_invocation::idempotency::{
    Alert, Config, Decision, Delivery, OnceError, Record, Status, Store, decide, idempotency_key, once,
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

    /// Um efeito que sempre dá certo. Conta já na chamada, para que chamar `effect` antes da hora apareça.
    fn send(&self, text: &str) -> Ready<Result<String, String>> {
        ready(Ok(self.receive(text)))
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

/// `60 s`, `60,001 s`.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64()).replace('.', ",")
}

/// O registro com os prazos em segundos desde `start`, porque um `Instant` impresso não diz nada.
fn describe(record: Option<&Record>, start: Instant) -> String {
    let Some(Record { payload, status }) = record else {
        return "chave sem registro".to_owned();
    };
    match status {
        Status::InProgress { until } => format!("reservada até {} pelo texto {payload:?}", seconds(*until - start)),
        Status::Completed { result, expires_at } => {
            format!("resultado {result:?} até {} pelo texto {payload:?}", seconds(*expires_at - start))
        }
    }
}

/// A chave é a mesma quando o alerta volta ao mesmo telefone
#[rstest]
#[case::new_request_id(
    "b91e",
    HAIL,
    "a reentrega da origem é outra invocação, com outro awsRequestId, e o SMS é o mesmo"
)]
#[case::edited_text("7f0c", "Granizo até as 17h", "um texto trocado é para ser recusado, não para virar outro SMS")]
fn the_key_belongs_to_the_alert_and_the_phone(#[case] request_id: &str, #[case] text: &str, #[case] why: &str) {
    let first = idempotency_key(&delivery("7f0c", "granizo-118", BETO, HAIL));
    let again = idempotency_key(&delivery(request_id, "granizo-118", BETO, text));
    assert!(
        first == again,
        "o alerta granizo-118 para {BETO} chegou com o pedido 7f0c e o texto {HAIL:?}, depois com o pedido {request_id} e \
         o texto {text:?}: {why}. O certo é a mesma chave; vieram {first:?} e {again:?}"
    );
}

/// Dois SMS diferentes nunca têm a mesma chave
#[rstest]
#[case::other_phone(("granizo-118", BETO), ("granizo-118", CELIA))]
#[case::other_alert(("granizo-118", BETO), ("granizo-119", BETO))]
#[case::glued_with_the_alert_first(("1", "75554"), ("17", "5554"))]
#[case::glued_with_the_phone_first(("17", "5554"), ("7", "55541"))]
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

/// O que a chave tinha quando a entrega chegou.
#[derive(Debug, Clone, Copy)]
enum Found {
    Nothing,
    InProgress,
    Completed,
}

impl Found {
    /// O registro deixado pelo texto `HAIL`, válido até `limit`.
    fn record(self, limit: Instant) -> Option<Record> {
        let status = match self {
            Self::Nothing => return None,
            Self::InProgress => Status::InProgress { until: limit },
            Self::Completed => Status::Completed { result: "SMS 41".to_owned(), expires_at: limit },
        };
        Some(Record { payload: HAIL.to_owned(), status })
    }
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
    let start = Instant::now();
    let record = found.record(start + Duration::from_secs(60));
    let after = Duration::from_millis(after_ms);
    let got = decide(record.as_ref(), payload, start + after);
    assert!(
        got == expected,
        "registro: {} (o último instante ainda vale). A entrega traz {payload:?} e chega em {}: o certo é {expected:?}, \
         veio {got:?}",
        describe(record.as_ref(), start),
        seconds(after)
    );
}

/// Quem repete recebe o resultado guardado e não manda outro SMS
#[rstest]
#[case::redelivery(&[(0, "7f0c"), (600, "b91e")], "a origem entregou o alerta de novo, com outro awsRequestId")]
#[case::retries_of_lambda(
    &[(0, "7f0c"), (60, "7f0c"), (180, "7f0c")],
    "a função falhou depois que `once` já tinha devolvido `Ok`, e o Lambda a chamou de novo"
)]
#[tokio::test(start_paused = true)]
async fn a_repetition_gets_the_stored_result(#[case] arrivals: &[(u64, &str)], #[case] why: &str) {
    let (store, phone) = (store(), Phone::default());
    let start = Instant::now();
    for &(at, request_id) in arrivals {
        advance(Duration::from_secs(at).saturating_sub(start.elapsed())).await;
        let event = delivery(request_id, "granizo-118", BETO, HAIL);
        let got = once(&store, Config::default(), &event, || phone.send(HAIL)).await;
        let expected = Ok("SMS 1 entregue".to_owned());
        assert!(
            (phone.count(), &got) == (1, &expected),
            "{why}: toda chamada devolve o resultado da 1ª, e há um SMS só. Em {at} s o certo é {expected:?}, veio \
             {got:?}; SMS enviados: {}",
            phone.count()
        );
    }
}

/// Cada chave guarda o seu próprio resultado
#[tokio::test(start_paused = true)]
async fn each_key_keeps_its_own_result() {
    let store = store();
    let sent = Cell::new(0);
    for round in 1..=3 {
        for subscriber in 0..12 {
            let phone = format!("+55549999{subscriber:05}");
            let event = delivery(&format!("req-{round}-{subscriber}"), "granizo-118", &phone, HAIL);
            let got = once(&store, Config::default(), &event, || {
                sent.set(sent.get() + 1);
                ready(Ok(format!("enviado a {phone}")))
            })
            .await;
            let expected = Ok(format!("enviado a {phone}"));
            assert!(
                got == expected,
                "rodada {round}: a entrega para {phone} tem a própria chave e o próprio resultado: o certo é \
                 {expected:?}, veio {got:?}"
            );
        }
    }
    let sent = sent.get();
    assert!(sent == 12, "12 assinantes em 3 rodadas do mesmo alerta dão 12 SMS ao todo. SMS enviados: {sent}");
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
        (phone.count(), &refused) == (1, &Err(OnceError::PayloadMismatch)),
        "o alerta granizo-118 voltou com outro texto: devolver o resultado antigo esconderia a mudança, e mandar o SMS \
         repetiria o alerta. O certo é Err(PayloadMismatch) e 1 SMS ao todo; veio {refused:?}, SMS enviados: {}",
        phone.count()
    );
    let again = once(&store, Config::default(), &original, || phone.send(HAIL)).await;
    assert!(
        again == first,
        "a entrega recusada não muda o registro: o texto original continua recebendo {first:?}; veio {again:?}"
    );
}

/// Quem chega durante o efeito termina em erro na hora e não mexe na reserva de quem está rodando
#[tokio::test(start_paused = true)]
async fn a_busy_attempt_leaves_the_reservation_alone() {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let start = Instant::now();
    let reserved =
        Record { payload: HAIL.to_owned(), status: Status::InProgress { until: start + Duration::from_secs(60) } };
    let key = idempotency_key(&event);
    store.put(&key, reserved.clone()).await;
    advance(Duration::from_secs(30)).await;
    let asked = Instant::now();
    let busy = once(&store, config(60, 3_600), &event, || phone.send(HAIL)).await;
    let waited = asked.elapsed();
    let record = store.get(&key).await;
    assert!(
        (phone.count(), &busy) == (0, &Err(OnceError::InProgress)),
        "a chave está reservada até 60 s e a entrega chega em 30 s: o certo é Err(InProgress) e nenhum SMS; veio \
         {busy:?}, SMS enviados: {}",
        phone.count()
    );
    assert!(
        waited < Duration::from_secs(1),
        "a resposta saiu {} depois da chegada: quem acha a chave ocupada termina em erro na hora, e quem espera é a fila \
         do Lambda; esperar dentro da função ocupa a concorrência e gasta o timeout dela",
        seconds(waited)
    );
    assert!(
        record.as_ref() == Some(&reserved),
        "a reserva é de quem está rodando: apagar ou mudar o prazo dela daria a vez a outra tentativa. Estava {}; ficou {}",
        describe(Some(&reserved), start),
        describe(record.as_ref(), start)
    );
}

/// Um erro do efeito libera a chave para a próxima tentativa
#[tokio::test(start_paused = true)]
async fn an_error_releases_the_key() {
    let (store, phone) = (store(), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let limits = config(900, 3_600);
    let first = once(&store, limits, &event, || ready(Err("a operadora recusou a conexão".to_owned()))).await;
    let expected = Err(OnceError::Effect("a operadora recusou a conexão".to_owned()));
    assert!(first == expected, "o erro do efeito chega inteiro a quem chamou: o certo é {expected:?}, veio {first:?}");
    advance(Duration::from_secs(60)).await;
    let second = once(&store, limits, &event, || phone.send(HAIL)).await;
    let expected = Ok("SMS 1 entregue".to_owned());
    assert!(
        second == expected,
        "o efeito falhou na 1ª tentativa e nenhum SMS saiu; 60 s depois o Lambda tenta de novo e tem de encontrar a chave \
         livre (o timeout da função é 900 s): o certo é {expected:?}, veio {second:?}"
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
    let expected = Ok("SMS 1 entregue".to_owned());
    assert!(first == expected, "nada havia na tabela, o efeito leva {effect_seconds} s e dá certo; veio {first:?}");
    advance(Duration::from_secs(ttl).saturating_sub(end.elapsed())).await;
    let repeated = once(&store, limits, &event, slow).await;
    assert!(
        repeated == expected,
        "o TTL de {ttl} s conta do fim do efeito (aos {effect_seconds} s), e no último instante o resultado ainda vale: o \
         certo é {expected:?}, veio {repeated:?}"
    );
    advance((Duration::from_secs(ttl) + Duration::from_millis(1)).saturating_sub(end.elapsed())).await;
    let expired = once(&store, limits, &event, slow).await;
    let expected = Ok("SMS 2 entregue".to_owned());
    assert!(
        expired == expected,
        "1 ms depois do TTL de {ttl} s o registro venceu (mesmo que a tabela ainda o mostre) e o alerta é tratado como \
         novo: o certo é {expected:?}, veio {expired:?}"
    );
}

/// Em uma tabela lenta, o TTL conta do fim do efeito, não do fim da gravação
#[tokio::test(start_paused = true)]
async fn the_ttl_does_not_wait_for_a_slow_table() {
    let store = Store::new(Duration::from_millis(10));
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let (start, end) = (Instant::now(), Cell::new(Instant::now()));
    let got = once(&store, config(60, 3_600), &event, || async {
        sleep(Duration::from_secs(2)).await;
        end.set(Instant::now());
        Ok("SMS 1".to_owned())
    })
    .await;
    let record = store.get(&idempotency_key(&event)).await;
    let expires_at = end.get() + Duration::from_secs(3_600);
    let expected =
        Record { payload: HAIL.to_owned(), status: Status::Completed { result: "SMS 1".to_owned(), expires_at } };
    assert!(
        (&got, record.as_ref()) == (&Ok("SMS 1".to_owned()), Some(&expected)),
        "cada operação da tabela leva 10 ms e o efeito terminou em {}: o registro certo é {}; ficou {}, e `once` devolveu \
         {got:?}",
        seconds(end.get() - start),
        describe(Some(&expected), start),
        describe(record.as_ref(), start)
    );
}

/// Depois de uma queda no meio do efeito, a chave fica presa só até o timeout da função
#[rstest]
#[case::default_timeout(3, 1)]
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
    advance(Duration::from_secs(function_timeout).saturating_sub(start.elapsed())).await;
    let held = once(&store, limits, &event, || phone.send(HAIL)).await;
    assert!(
        held == Err(OnceError::InProgress),
        "a 1ª tentativa começou em 0 s e caiu no meio do efeito; a 2ª chegou em {function_timeout} s, o último instante \
         da reserva, que ainda conta: o certo é Err(InProgress), veio {held:?}"
    );
    advance(Duration::from_millis(1)).await;
    let after = once(&store, limits, &event, || phone.send(HAIL)).await;
    let expected = Ok(format!("SMS {} entregue", sent + 1));
    assert!(
        after == expected,
        "a 1ª tentativa caiu, e 1 ms depois do timeout de {function_timeout} s ninguém mais roda com essa reserva: o \
         efeito roda (de novo, se o SMS já tinha saído; perder o alerta seria pior). O certo é {expected:?}, veio {after:?}"
    );
}

/// Duas tentativas ao mesmo tempo: uma roda o efeito, a outra termina em erro
#[rstest]
#[case::together(Found::Nothing, 0)]
#[case::while_the_first_reserves(Found::Nothing, 5)]
#[case::while_the_effect_runs(Found::Nothing, 500)]
#[case::expired_reservation_together(Found::InProgress, 0)]
#[case::expired_reservation_while_the_first_reserves(Found::InProgress, 5)]
#[case::expired_result_together(Found::Completed, 0)]
#[case::expired_result_while_the_first_reserves(Found::Completed, 5)]
#[tokio::test(start_paused = true)]
async fn two_attempts_at_once_run_the_effect_once(#[case] found: Found, #[case] behind_ms: u64) {
    let (store, phone) = (Store::new(Duration::from_millis(10)), Phone::default());
    let event = delivery("7f0c", "granizo-118", BETO, HAIL);
    let before = match found.record(Instant::now() + Duration::from_secs(1)) {
        None => "a chave está livre",
        Some(expired) => {
            store.put(&idempotency_key(&event), expired).await;
            advance(Duration::from_secs(60)).await;
            "a chave tem um registro vencido"
        }
    };
    let slow = || async {
        sleep(Duration::from_secs(1)).await;
        phone.send(HAIL).await
    };
    let (a, b) = tokio::join!(once(&store, Config::default(), &event, slow), async {
        sleep(Duration::from_millis(behind_ms)).await;
        once(&store, Config::default(), &event, slow).await
    });
    let busy = [&a, &b].iter().filter(|result| ***result == Err(OnceError::InProgress)).count();
    assert!(
        (phone.count(), busy) == (1, 1),
        "{before}, a tabela leva 10 ms por operação e a 2ª tentativa começou {behind_ms} ms depois da 1ª: uma reserva a \
         chave e manda o SMS, a outra encontra a reserva e termina em Err(InProgress). SMS enviados: {}; as tentativas \
         devolveram {a:?} e {b:?}",
        phone.count()
    );
}
