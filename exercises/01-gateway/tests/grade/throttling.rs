//! Os testes do passo `throttling`: o balde de fichas, os quatro níveis e a cota.

use gateway::limits::{Call, Limits, Quota, QuotaPeriod, Throttle};
use gateway::model::{GatewayResponseType, Method};
use gateway::throttling::{BucketOwner, Exceeded, Level, Limiter, TokenBucket, allowance, buckets_of, period_start};
use kit::text::count;
use rstest::rstest;
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::support::expect_same;
use crate::support::limits::{
    ALERT, COOPERATIVE, CRACHA, RADIO, WIDE, after, client, expect_all, expect_one, fate, get, open, partners, per_day,
    shown, target, with_key, with_methods, with_plan,
};

/// O balde nasce cheio: na primeira rajada passam `burst` requisições, e nem uma a mais.
#[rstest]
#[case::one(1)]
#[case::ten(10)]
fn a_new_bucket_is_full(#[case] burst: u32) {
    let mut bucket = TokenBucket::new(Throttle::new(1.0, burst), ALERT);
    let taken = (0..burst + 5).filter(|_| bucket.try_take(ALERT)).count();
    expect_same!(
        taken,
        burst as usize,
        "o balde começa com as {burst} fichas da rajada, e {} chegam no mesmo instante: passam {burst}; no seu passaram \
         {taken}",
        count(burst as usize + 5, "requisição", "requisições")
    );
}

/// A ficha seguinte entra 1/taxa segundo depois, e não antes.
#[rstest]
#[case::one_per_second(1.0, 1_000)]
#[case::eight_per_second(8.0, 125)]
#[case::half_per_second(0.5, 2_000)]
#[case::one_every_ten_seconds(0.1, 10_000)]
fn a_token_takes_one_over_the_rate_to_come_back(#[case] rate: f64, #[case] wait: i64) {
    let mut bucket = TokenBucket::new(Throttle::new(rate, 1), ALERT);
    let taken = [0, wait - 1, wait].map(|instant| bucket.try_take(after(instant)));
    expect_same!(
        taken,
        [true, false, true],
        "com taxa {rate}/s e rajada 1, a ficha gasta em 0 volta em {wait} ms: em 0 passa, em {} ms não, em {wait} ms \
         passa; no seu balde o resultado foi {taken:?}",
        wait - 1
    );
}

/// Uma hora parado não enche o balde além da rajada.
#[test]
fn an_idle_hour_fills_only_the_burst() {
    let mut bucket = TokenBucket::new(Throttle::new(5.0, 10), ALERT);
    (0..10).for_each(|_| _ = bucket.try_take(ALERT));
    let taken = (0..100).filter(|_| bucket.try_take(after(3_600_000))).count();
    expect_same!(
        taken,
        10,
        "em uma hora entrariam 18.000 fichas, mas cabem 10: na volta passam 10; no seu balde passaram {taken}"
    );
}

/// `level` mostra a fração da ficha seguinte e não muda o balde.
#[rstest]
#[case::a_fraction(250, 0.5)]
#[case::full(60_000, 10.0)]
fn the_level_counts_the_fraction(#[case] instant: i64, #[case] expected: f64) {
    let mut bucket = TokenBucket::new(Throttle::new(2.0, 10), ALERT);
    (0..10).for_each(|_| _ = bucket.try_take(ALERT));
    let before = bucket.clone();
    let level = bucket.level(after(instant)).as_f64();
    expect_same!(
        level,
        expected,
        "taxa 2/s, rajada 10, balde vazio em 0: em {instant} ms há {expected} fichas; o seu `level` deu {level}"
    );
    expect_same!(bucket, before, "`level` só olha; o balde mudou de {before:?} para {bucket:?}");
}

/// Quem insiste enquanto a ficha não chega não a atrasa.
#[test]
fn a_refused_request_does_not_lose_the_fraction() {
    let mut bucket = TokenBucket::new(Throttle::new(1.0, 1), ALERT);
    let taken: Vec<i64> = (0..=20).map(|turn| turn * 100).filter(|instant| bucket.try_take(after(*instant))).collect();
    expect_same!(
        taken,
        [0, 1_000, 2_000],
        "taxa 1/s, rajada 1, uma requisição a cada 100 ms: passam as de 0, 1.000 e 2.000 ms, porque cada recusa deixa a \
         fração no balde; no seu passaram as de {taken:?} ms"
    );
}

/// As frações se somam sem erro: 0,7 ficha por segundo dá 693 fichas em 990 segundos, exatamente.
#[test]
fn fractions_add_up_without_drift() {
    let mut bucket = TokenBucket::new(Throttle::new(0.7, 7), ALERT);
    let taken = (0..=990).filter(|second| bucket.try_take(after(second * 1_000))).count();
    expect_same!(
        taken,
        700,
        "taxa 0,7/s, rajada 7, uma requisição por segundo de 0 a 990 s: entram 0,7 × 990 = 693 fichas, mais as 7 do \
         começo, e passam 700; no seu balde passaram {taken}"
    );
}

/// O exemplo da página: taxa 5/s, rajada 10, 20 requisições por segundo durante 10 segundos.
#[test]
fn a_steady_load_gets_the_burst_and_then_the_rate() {
    let mut bucket = TokenBucket::new(Throttle::new(5.0, 10), ALERT);
    let taken: Vec<i64> = (0..200).map(|turn| turn * 50).filter(|instant| bucket.try_take(after(*instant))).collect();
    let first: Vec<i64> = taken.iter().copied().take(15).collect();
    expect_same!(
        first,
        [0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 800, 1_000],
        "as 13 primeiras passam e a 14ª, em 650 ms, já não; daí em diante passa uma a cada 200 ms; no seu balde as 15 \
         primeiras a passar foram as de {first:?} ms"
    );
    expect_same!(taken.len(), 59, "das 200 passam 59 (10 + 5 × 9,95 = 59,75); no seu balde passaram {}", taken.len());
}

/// Os baldes de uma chamada, na ordem dos níveis.
#[rstest]
#[case::nothing_but_the_account(get("/cities"), vec![(BucketOwner::Account, WIDE)])]
#[case::a_client_of_the_plan(
    with_key(get("/cities"), COOPERATIVE),
    vec![(BucketOwner::Client(client(COOPERATIVE)), Throttle::new(50.0, 100)), (BucketOwner::Account, WIDE)]
)]
#[case::a_key_without_a_plan(with_key(get("/cities"), "curioso"), vec![(BucketOwner::Account, WIDE)])]
#[case::every_level(
    with_key(get("/alerts"), RADIO),
    vec![
        (BucketOwner::Client(client(RADIO)), Throttle::new(50.0, 100)),
        (BucketOwner::ClientMethod(client(RADIO), target("/alerts/GET")), Throttle::new(2.0, 4)),
        (BucketOwner::Method(target("/alerts/GET")), Throttle::new(300.0, 600)),
        (BucketOwner::Account, WIDE),
    ]
)]
fn a_call_spends_from_these_buckets(#[case] call: Call<'_>, #[case] expected: Vec<(BucketOwner, Throttle)>) {
    let mut plan = partners(Some(Throttle::new(50.0, 100)), None);
    plan.api_stages[0].throttle.insert("/alerts/GET".into(), Throttle::new(2.0, 4));
    let limits = with_methods(with_plan(open(), plan), &[("/alerts/GET", Throttle::new(300.0, 600))]);
    let found = buckets_of(&limits, &call);
    expect_same!(
        found,
        expected,
        "a chamada {} com a chave {:?} gasta, nesta ordem, de: {}; o seu `buckets_of` deu: {}",
        call.method_path(),
        call.api_key,
        shown(&expected),
        shown(&found)
    );
}

/// O nível mais apertado é o que recusa, e a resposta diz qual foi.
#[rstest]
#[case::usage_plan(2, 5, 9, 12, Level::UsagePlan)]
#[case::method(9, 3, 5, 12, Level::Method)]
#[case::account(12, 9, 4, 7, Level::Account)]
#[case::region(12, 9, 7, 2, Level::Region)]
fn the_tightest_level_refuses(
    #[case] plan: u32,
    #[case] method: u32,
    #[case] account: u32,
    #[case] region: u32,
    #[case] expected: Level,
) {
    let [plan_limit, of_method, account_limit, of_region] =
        [plan, method, account, region].map(|burst| Throttle::new(1.0, burst));
    let base = Limits { account: account_limit, region: Some(of_region), ..open() };
    let limits = with_methods(with_plan(base, partners(Some(plan_limit), None)), &[("*/*", of_method)]);
    let mut limiter = Limiter::new(limits);
    let call = with_key(get("/alerts"), COOPERATIVE);
    let smallest = plan.min(method).min(account).min(region) as usize;
    let rule = format!("rajadas de {plan} no plano, {method} no método, {account} na conta e {region} na região");
    expect_all(&mut limiter, smallest, &call, ALERT, &rule);
    expect_one(&mut limiter, &call, ALERT, Err(Exceeded::Throttle(expected)), &format!("{rule}, na {}ª", smallest + 1));
}

/// Um plano maior que a conta não aumenta a conta.
#[test]
fn a_plan_above_the_account_is_still_held_by_the_account() {
    let base = Limits { account: Throttle::of_account("af-south-1"), ..open() };
    let mut limiter = Limiter::new(with_plan(base, partners(Some(Throttle::new(20_000.0, 10_000)), None)));
    let call = with_key(get("/alerts"), COOPERATIVE);
    let rule = "a conta na Cidade do Cabo tem rajada de 1.250, e o plano foi configurado com 10.000";
    expect_all(&mut limiter, 1_250, &call, ALERT, rule);
    expect_one(&mut limiter, &call, ALERT, Err(Exceeded::Throttle(Level::Account)), rule);
}

/// A conta é uma só para todas as APIs da região.
#[test]
fn one_api_can_exhaust_the_account_of_another() {
    let mut limiter = Limiter::new(Limits { account: Throttle::new(1.0, 3), ..open() });
    expect_all(&mut limiter, 3, &get("/alerts"), ALERT, "a conta tem rajada de 3 e só a API do escritório chamou");
    let login = Call { api_id: CRACHA, stage: "$default", resource: "/token", method: Method::Post, api_key: None };
    let rule = "a API do escritório gastou as 3 fichas da conta, e o Crachá é da mesma conta e região";
    expect_one(&mut limiter, &login, ALERT, Err(Exceeded::Throttle(Level::Account)), rule);
}

/// Cada chave do plano tem o seu balde.
#[test]
fn keys_of_one_plan_do_not_share_a_bucket() {
    let mut limiter = Limiter::new(with_plan(open(), partners(Some(Throttle::new(1.0, 2)), None)));
    let rule = "o plano dá 2 de rajada a cada chave";
    expect_all(&mut limiter, 2, &with_key(get("/cities"), COOPERATIVE), ALERT, rule);
    expect_all(&mut limiter, 2, &with_key(get("/cities"), RADIO), ALERT, "a cooperativa gastou a dela, não a da rádio");
}

/// Uma chave tem um balde só para todos os stages do plano.
#[test]
fn the_stages_of_a_plan_share_the_bucket_of_the_key() {
    let mut limiter = Limiter::new(with_plan(open(), partners(Some(Throttle::new(1.0, 2)), None)));
    let prod = with_key(get("/cities"), COOPERATIVE);
    expect_all(&mut limiter, 2, &prod, ALERT, "o plano dá 2 de rajada à chave");
    let dev = Call { stage: "dev", ..prod };
    let rule = "a chave gastou as 2 em `prod`, e o limite do plano soma todos os stages dele";
    expect_one(&mut limiter, &dev, ALERT, Err(Exceeded::Throttle(Level::UsagePlan)), rule);
}

/// O limite de um método no plano aperta o método e não solta o resto do plano.
#[test]
fn a_method_limit_in_the_plan_comes_on_top_of_the_plan() {
    let mut plan = partners(Some(Throttle::new(1.0, 10)), None);
    plan.api_stages[0].throttle.insert("/alerts/GET".into(), Throttle::new(1.0, 3));
    let mut limiter = Limiter::new(with_plan(open(), plan));
    let (alerts, cities) = (with_key(get("/alerts"), COOPERATIVE), with_key(get("/cities"), COOPERATIVE));
    expect_all(&mut limiter, 3, &alerts, ALERT, "o plano dá 10 à chave, e 3 em GET /alerts");
    expect_all(&mut limiter, 7, &cities, ALERT, "as 3 de GET /alerts saíram das 10 do plano: sobram 7 para o resto");
    let rule = "3 em GET /alerts e 7 em GET /cities já somam as 10 do plano";
    expect_one(&mut limiter, &cities, ALERT, Err(Exceeded::Throttle(Level::UsagePlan)), rule);
}

/// Com o método esgotado no plano, os outros métodos da chave continuam.
#[test]
fn a_method_exhausted_in_the_plan_leaves_the_other_methods() {
    let mut plan = partners(Some(Throttle::new(1.0, 100)), None);
    plan.api_stages[0].throttle.insert("/alerts/GET".into(), Throttle::new(1.0, 1));
    let mut limiter = Limiter::new(with_plan(open(), plan));
    let alerts = with_key(get("/alerts"), COOPERATIVE);
    expect_all(&mut limiter, 1, &alerts, ALERT, "o plano dá 1 em GET /alerts");
    let rule = "o plano dá 1 em GET /alerts, e ela já foi";
    expect_one(&mut limiter, &alerts, ALERT, Err(Exceeded::Throttle(Level::UsagePlan)), rule);
    let rule = "só GET /alerts se esgotou; o plano ainda tem fichas";
    expect_all(&mut limiter, 1, &with_key(get("/cities"), COOPERATIVE), ALERT, rule);
}

/// O balde de um método no stage é o mesmo para todos os clientes, com chave ou sem.
#[test]
fn every_client_spends_from_the_bucket_of_the_method() {
    let limits = with_plan(open(), partners(Some(WIDE), None));
    let mut limiter = Limiter::new(with_methods(limits, &[("/alerts/GET", Throttle::new(1.0, 2))]));
    let rule = "GET /alerts tem rajada de 2 no stage";
    expect_all(&mut limiter, 1, &with_key(get("/alerts"), COOPERATIVE), ALERT, rule);
    expect_all(&mut limiter, 1, &get("/alerts"), ALERT, rule);
    let rule = "a cooperativa e um anônimo gastaram as 2 de GET /alerts; a rádio é a terceira";
    let refused = Err(Exceeded::Throttle(Level::Method));
    expect_one(&mut limiter, &with_key(get("/alerts"), RADIO), ALERT, refused, rule);
}

/// `*/*` dá o mesmo limite a cada método, e não um limite para todos juntos.
#[test]
fn the_default_of_the_stage_is_a_bucket_per_method() {
    let settings = [("*/*", Throttle::new(1.0, 2)), ("/health/GET", Throttle::new(1.0, 1))];
    let mut limiter = Limiter::new(with_methods(open(), &settings));
    expect_all(&mut limiter, 2, &get("/alerts"), ALERT, "`*/*` dá 2 de rajada a GET /alerts");
    expect_all(&mut limiter, 2, &get("/cities"), ALERT, "`*/*` dá outras 2 a GET /cities");
    let publish = Call { method: Method::Post, ..get("/alerts") };
    expect_all(&mut limiter, 2, &publish, ALERT, "POST /alerts é outro método, com as suas 2");
    expect_all(&mut limiter, 1, &get("/health"), ALERT, "GET /health tem limite próprio, 1");
    let rule = "o limite próprio de GET /health, 1, vale no lugar de `*/*`";
    expect_one(&mut limiter, &get("/health"), ALERT, Err(Exceeded::Throttle(Level::Method)), rule);
}

/// Uma recusa passa: a ficha volta com o tempo.
#[test]
fn a_refused_call_passes_when_the_token_is_back() {
    let mut limiter = Limiter::new(with_methods(open(), &[("*/*", Throttle::new(2.0, 1))]));
    expect_all(&mut limiter, 1, &get("/alerts"), ALERT, "o método tem rajada de 1");
    for (instant, expected) in [(499, Err(Exceeded::Throttle(Level::Method))), (500, Ok(()))] {
        let rule = format!("taxa de 2/s: a ficha gasta em 0 volta em 500 ms; em {instant} ms");
        expect_one(&mut limiter, &get("/alerts"), after(instant), expected, &rule);
    }
}

/// As duas recusas são 429, com tipo e mensagem diferentes.
#[rstest]
#[case::throttled(Exceeded::Throttle(Level::Account), GatewayResponseType::Throttled, "Too Many Requests")]
#[case::quota(Exceeded::Quota, GatewayResponseType::QuotaExceeded, "Limit Exceeded")]
fn each_limit_has_its_gateway_response(
    #[case] exceeded: Exceeded,
    #[case] kind: GatewayResponseType,
    #[case] message: &str,
) {
    let refusal = exceeded.refusal();
    expect_same!(
        (refusal.kind, refusal.message.as_deref()),
        (kind, Some(message)),
        "quando a requisição é {}, o API Gateway responde {kind} com `{message}`; a sua recusa é `{refusal}`",
        fate(Err(exceeded))
    );
}

/// O período começa à meia-noite UTC: do dia, do domingo ou do dia 1.
#[rstest]
#[case::day(QuotaPeriod::Day, utc_datetime!(2026-11-22 17:02), utc_datetime!(2026-11-22 0:00))]
#[case::last_instant_of_the_day(QuotaPeriod::Day, utc_datetime!(2026-11-22 23:59:59.999), utc_datetime!(2026-11-22 0:00))]
#[case::sunday(QuotaPeriod::Week, utc_datetime!(2026-11-22 0:00), utc_datetime!(2026-11-22 0:00))]
#[case::saturday(QuotaPeriod::Week, utc_datetime!(2026-11-28 23:59:59), utc_datetime!(2026-11-22 0:00))]
#[case::week_across_the_year(QuotaPeriod::Week, utc_datetime!(2027-01-01 12:00), utc_datetime!(2026-12-27 0:00))]
#[case::month(QuotaPeriod::Month, utc_datetime!(2028-02-29 12:00), utc_datetime!(2028-02-01 0:00))]
fn a_period_starts_at_midnight_utc(
    #[case] period: QuotaPeriod,
    #[case] now: UtcDateTime,
    #[case] expected: UtcDateTime,
) {
    let start = period_start(period, now);
    expect_same!(
        start,
        expected,
        "o período começa à meia-noite UTC do dia, do domingo (WEEK) ou do dia 1: o de {now}, {period:?}, começou em {expected}; o seu começou em {start}"
    );
}

/// `offset` é descontado só no período em que o plano começou.
#[rstest]
#[case::first_week(QuotaPeriod::Week, utc_datetime!(2026-11-28 23:59), 6)]
#[case::second_week(QuotaPeriod::Week, utc_datetime!(2026-11-29 0:00), 10)]
#[case::first_month(QuotaPeriod::Month, utc_datetime!(2026-11-30 23:59), 6)]
#[case::same_month_of_another_year(QuotaPeriod::Month, utc_datetime!(2027-11-25 12:00), 10)]
fn the_offset_counts_only_in_the_first_period(
    #[case] period: QuotaPeriod,
    #[case] now: UtcDateTime,
    #[case] expected: u64,
) {
    let since = utc_datetime!(2026-11-25 9:00);
    let found = allowance(&Quota { limit: 10, offset: 4, period }, since, now);
    expect_same!(
        found,
        expected,
        "limite 10 e offset 4 por {period:?}, em um plano que existe desde {since}: em {now} cabem {expected}; o seu \
         `allowance` deu {found}"
    );
}

/// A cota do dia acaba e volta à meia-noite UTC, inteira.
#[test]
fn a_daily_quota_comes_back_at_midnight_utc() {
    let mut limiter = Limiter::new(with_plan(open(), partners(None, Some(per_day(3)))));
    let call = with_key(get("/cities"), COOPERATIVE);
    let (late, midnight) = (utc_datetime!(2026-11-22 23:59), utc_datetime!(2026-11-23 0:00));
    expect_all(&mut limiter, 3, &call, late, "a cota é de 3 por dia");
    expect_one(&mut limiter, &call, late, Err(Exceeded::Quota), "a cota é de 3 por dia, e as 3 já passaram");
    expect_all(&mut limiter, 3, &call, midnight, "um minuto depois é outro dia em UTC, com outras 3");
    expect_one(&mut limiter, &call, midnight, Err(Exceeded::Quota), "o dia novo também tem 3");
}

/// A cota soma todos os stages do plano, e cada chave tem a sua.
#[test]
fn a_quota_adds_up_the_stages_and_belongs_to_a_key() {
    let mut limiter = Limiter::new(with_plan(open(), partners(None, Some(per_day(3)))));
    let prod = with_key(get("/cities"), COOPERATIVE);
    expect_all(&mut limiter, 2, &prod, ALERT, "a cota é de 3 por dia");
    let dev = Call { stage: "dev", ..prod };
    expect_all(&mut limiter, 1, &dev, ALERT, "2 em `prod` deixam 1 para `dev`");
    let rule = "2 em `prod` e 1 em `dev` somam as 3 da chave no plano";
    expect_one(&mut limiter, &dev, ALERT, Err(Exceeded::Quota), rule);
    expect_all(&mut limiter, 3, &with_key(get("/cities"), RADIO), ALERT, "a rádio tem a cota dela");
}

/// Quem chama sem chave não gasta cota nem fichas de plano nenhum.
#[test]
fn calls_without_a_key_do_not_touch_the_plan() {
    let plan = partners(Some(Throttle::new(1.0, 2)), Some(per_day(2)));
    let mut limiter = Limiter::new(with_plan(open(), plan));
    expect_all(&mut limiter, 10, &get("/cities"), ALERT, "o plano limita chaves, e estas chamadas não têm");
    expect_all(&mut limiter, 2, &with_key(get("/cities"), COOPERATIVE), ALERT, "a chave ainda não gastou nada");
}

/// Na primeira semana do plano a cota é menor; na seguinte, inteira.
#[test]
fn a_plan_that_starts_mid_week_gets_less_that_week() {
    let quota = Quota { limit: 7, offset: 3, period: QuotaPeriod::Week };
    let mut plan = partners(Some(WIDE), Some(quota));
    plan.since = utc_datetime!(2026-11-25 9:00);
    let mut limiter = Limiter::new(with_plan(open(), plan));
    let call = with_key(get("/cities"), COOPERATIVE);
    for (now, number) in [(utc_datetime!(2026-11-26 8:00), 4), (utc_datetime!(2026-12-02 8:00), 7)] {
        let rule = format!("plano desde quarta, 25/11, limite 7 por semana e offset 3; em {now}");
        expect_all(&mut limiter, number, &call, now, &rule);
        expect_one(&mut limiter, &call, now, Err(Exceeded::Quota), &format!("{rule}, depois de {number}"));
    }
}

mod levels;
