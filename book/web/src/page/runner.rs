//! Executa uma corrida de testes: liga [`Run`], que decide, a um Worker e a um relógio.

use super::{dom::Timer, hand::Hand, mailbox::Mailbox};
use crate::{
    protocol::{Job, Reply, TestResult},
    run::{News, Outcome, Run, Step},
};

/// O prazo de cada teste, se ninguém disser outro.
pub const DEADLINE_MS: i32 = 5_000;
/// Baixar e compilar o módulo não é culpa de teste nenhum.
const SETUP_MS: i32 = 60_000;

/// O que chega à corrida. O número diz de qual Worker veio: notícias de um Worker já encerrado não valem.
pub enum Mail {
    Worker(u32, Result<Reply, String>),
    Deadline(u32),
    Cancel,
}

/// O que aparece na tela durante a corrida.
pub enum Progress<'a> {
    Running(&'a str),
    Finished(&'a TestResult),
}

pub async fn drive(
    base: &str,
    module: &str,
    mut run: Run,
    deadline_ms: i32,
    mail: &Mailbox<Mail>,
    mut show: impl FnMut(Progress<'_>),
) -> Outcome {
    let mut shift = 0;
    let mut hand = match hire(base, shift, mail) {
        Ok(hand) => hand,
        Err(reason) => return Outcome::Broken(reason),
    };
    hand.ask(module, Job::List);
    let mut timer = Some(arm(SETUP_MS, shift, mail));
    loop {
        let news = match mail.next().await {
            Mail::Cancel => News::Cancelled,
            Mail::Worker(from, _) | Mail::Deadline(from) if from != shift => continue,
            Mail::Deadline(_) => News::DeadlinePassed,
            Mail::Worker(_, reply) => match reply {
                Ok(Reply::Listed(names)) => News::Listed(names),
                Ok(Reply::Started(name)) => News::Started(name),
                Ok(Reply::Tested(result)) => News::Tested(result),
                Ok(Reply::Done) => News::Done,
                Ok(Reply::Broken(reason)) | Err(reason) => News::Broken(reason),
                Ok(Reply::Lab(_)) => continue,
            },
        };
        for step in run.hear(news) {
            match step {
                Step::AskTests(names) => {
                    hand.ask(module, Job::Tests(names));
                    timer = Some(arm(SETUP_MS, shift, mail));
                }
                Step::Restart(names) => {
                    shift += 1;
                    // Atribuir larga o Worker anterior, o que o encerra mesmo no meio de um laço.
                    hand = match hire(base, shift, mail) {
                        Ok(hand) => hand,
                        Err(reason) => return Outcome::Broken(reason),
                    };
                    hand.ask(module, Job::Tests(names));
                    timer = Some(arm(SETUP_MS, shift, mail));
                }
                Step::ArmDeadline => timer = Some(arm(deadline_ms, shift, mail)),
                Step::DisarmDeadline => drop(timer.take()),
                Step::ShowRunning(name) => show(Progress::Running(&name)),
                Step::Report(result) => show(Progress::Finished(&result)),
                Step::End(outcome) => return outcome,
            }
        }
    }
}

fn hire(base: &str, shift: u32, mail: &Mailbox<Mail>) -> Result<Hand, String> {
    let mail = mail.clone();
    Hand::new(base, move |reply| mail.send(Mail::Worker(shift, reply)))
}

fn arm(milliseconds: i32, shift: u32, mail: &Mailbox<Mail>) -> Timer {
    let mail = mail.clone();
    Timer::after(milliseconds, move || mail.send(Mail::Deadline(shift)))
}

/// Roda o módulo inteiro e devolve todos os resultados.
pub async fn run_module(base: &str, module: &str, deadline_ms: i32) -> Result<Vec<TestResult>, String> {
    let mut results = Vec::new();
    let outcome = drive(base, module, Run::of_module(), deadline_ms, &Mailbox::new(), |progress| {
        if let Progress::Finished(result) = progress {
            results.push(result.clone());
        }
    })
    .await;
    match outcome {
        Outcome::Finished => Ok(results),
        Outcome::Cancelled => Err("cancelado".to_owned()),
        Outcome::Broken(reason) => Err(reason),
    }
}
