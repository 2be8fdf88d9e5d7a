//! A ordem dos níveis e o que uma recusa deixa de gastar.

use gateway::limits::{ApiStage, Throttle, UsagePlan};
use gateway::throttling::{BucketOwner, Exceeded, Level, Limiter, buckets_of};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::limits::{
    ALERT, COOPERATIVE, CRACHA, WIDE, client, expect_all, expect_one, get, open, partners, per_day, shown, target,
    with_key, with_methods, with_plan,
};

/// Quem para no plano não gasta as fichas da conta.
#[test]
fn a_refusal_in_the_plan_spends_nothing_below() {
    let limits = with_plan(open(), partners(Some(Throttle::new(0.01, 1)), None));
    let mut limiter = Limiter::new(gateway::limits::Limits { account: Throttle::new(0.01, 3), ..limits });
    let call = with_key(get("/alerts"), COOPERATIVE);
    expect_all(&mut limiter, 1, &call, ALERT, "o plano tem 1 ficha");
    for _ in 0..4 {
        let refused = Err(Exceeded::Throttle(Level::UsagePlan));
        expect_one(&mut limiter, &call, ALERT, refused, "o plano esvaziou, e o caminho para nele");
    }
    let rule = "a conta tinha 3 fichas e só 1 requisição chegou a ela: sobram 2 para quem chama sem chave";
    expect_all(&mut limiter, 2, &get("/cities"), ALERT, rule);
}

/// Com dois baldes vazios, recusa o primeiro da ordem.
#[test]
fn the_first_empty_level_is_the_one_that_refuses() {
    let limits = with_plan(open(), partners(Some(Throttle::new(0.01, 1)), None));
    let mut limiter = Limiter::new(gateway::limits::Limits { account: Throttle::new(0.01, 1), ..limits });
    let call = with_key(get("/alerts"), COOPERATIVE);
    expect_all(&mut limiter, 1, &call, ALERT, "o plano e a conta têm 1 ficha cada um");
    let refused = Err(Exceeded::Throttle(Level::UsagePlan));
    expect_one(&mut limiter, &call, ALERT, refused, "o plano e a conta estão vazios, e o plano vem antes");
}

/// O limite próprio de um método vale no lugar de `*/*`, mesmo quando é maior.
#[rstest]
#[case::larger(Throttle::new(50.0, 100))]
#[case::smaller(Throttle::new(1.0, 1))]
fn the_own_limit_of_a_method_replaces_the_default(#[case] own: Throttle) {
    let limits = with_methods(open(), &[("*/*", Throttle::new(5.0, 10)), ("/alerts/GET", own)]);
    let got = buckets_of(&limits, &get("/alerts"));
    let expected = vec![(BucketOwner::Method(target("/alerts/GET")), own), (BucketOwner::Account, WIDE)];
    expect_same!(
        got,
        expected,
        "GET /alerts tem limite próprio, e `*/*` só serve aos métodos sem um: os baldes são {}; os seus são {}",
        shown(&expected),
        shown(&got)
    );
}

/// Um limite por método no plano não precisa de um limite do plano inteiro.
#[test]
fn a_plan_may_limit_only_one_method() {
    let own = Throttle::new(1.0, 2);
    let plan = partners(None, None);
    let api_stages = plan
        .api_stages
        .iter()
        .map(|stage| ApiStage { throttle: [("/alerts/GET".to_owned(), own)].into(), ..stage.clone() });
    let plan = UsagePlan { api_stages: api_stages.collect(), ..plan.clone() };
    let got = buckets_of(&with_plan(open(), plan), &with_key(get("/alerts"), COOPERATIVE));
    let owner = BucketOwner::ClientMethod(client(COOPERATIVE), target("/alerts/GET"));
    let expected = vec![(owner, own), (BucketOwner::Account, WIDE)];
    expect_same!(
        got,
        expected,
        "o plano não tem `throttle`, e o stage dele limita só /alerts/GET: os baldes são {}; os seus são {}",
        shown(&expected),
        shown(&got)
    );
}

/// A cota soma também os stages de APIs diferentes.
#[test]
fn a_quota_adds_up_the_apis_of_the_plan() {
    let mut plan = partners(None, Some(per_day(2)));
    plan.api_stages.push(ApiStage { api_id: CRACHA.into(), stage: "prod".into(), ..ApiStage::default() });

    let mut limiter = Limiter::new(with_plan(open(), plan));
    let weather = with_key(get("/alerts"), COOPERATIVE);
    let cracha = gateway::limits::Call { api_id: CRACHA, ..weather };
    expect_all(&mut limiter, 1, &weather, ALERT, "a cota do dia é 2");
    expect_all(&mut limiter, 1, &cracha, ALERT, "a cota do dia é 2, e esta é a segunda");
    let rule = "a cota é da chave no plano, e as duas APIs são do mesmo plano: as 2 do dia já foram";
    expect_one(&mut limiter, &weather, ALERT, Err(Exceeded::Quota), rule);
}
