//! Uma corrida de testes vista da página: quem está esperando, quem está rodando e o que fazer a cada notícia.
//!
//! O prazo é da página, porque um Worker preso em um laço não escuta ninguém: quando o prazo de um teste vence, o Worker
//! é encerrado, o teste conta como `timeout` e um Worker novo segue com os que faltam.

use std::collections::VecDeque;

use wasi_host::{Ending, Execution, judge};

use crate::protocol::TestResult;

/// Uma notícia, vinda do Worker, do relógio ou da pessoa.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Listed(Vec<String>),
    Started(String),
    Tested(TestResult),
    Done,
    /// O prazo do que está em curso venceu.
    DeadlinePassed,
    /// O módulo não pôde ser carregado, ou o Worker morreu.
    Broken(String),
    Cancelled,
}

/// O que a página faz em seguida.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Pede a lista ao Worker que já existe.
    AskTests(Vec<String>),
    /// Encerra o Worker e cria outro, que roda estes testes.
    Restart(Vec<String>),
    ArmDeadline,
    DisarmDeadline,
    /// Este teste está rodando agora.
    ShowRunning(String),
    Report(TestResult),
    /// A corrida acabou; encerra o Worker.
    End(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    Cancelled,
    /// Não deu para rodar, com o motivo.
    Broken(String),
}

/// O estado da corrida.
#[derive(Debug, Default)]
pub struct Run {
    /// Testes que a página espera encontrar, na ordem dela; vazio quer dizer todos os do módulo.
    expected: Vec<String>,
    /// Só os testes cujo nome começa assim são deste passo.
    prefix: String,
    pending: VecDeque<String>,
    running: Option<String>,
    /// Testes que a página mostra e o módulo não tem; contados no fim, depois dos que rodaram.
    missing: Vec<String>,
}

impl Run {
    /// Uma corrida dos testes do passo `prefix` (`retries::`), na ordem em que a página os mostra.
    pub fn of_step(prefix: &str, expected: Vec<String>) -> Self {
        Self { expected, prefix: prefix.to_owned(), ..Self::default() }
    }

    /// Uma corrida de tudo o que o módulo tem.
    pub fn of_module() -> Self {
        Self::default()
    }

    pub fn hear(&mut self, news: News) -> Vec<Step> {
        match news {
            News::Listed(names) => self.plan(&names),
            News::Started(name) => {
                self.running = Some(name.clone());
                vec![Step::ArmDeadline, Step::ShowRunning(name)]
            }
            News::Tested(result) => {
                self.forget(&result.name);
                vec![Step::DisarmDeadline, Step::Report(result)]
            }
            News::Done => {
                let mut steps = vec![Step::DisarmDeadline];
                steps.extend(self.finish());
                steps
            }
            News::DeadlinePassed => self.interrupt(Ending::Timeout, "o módulo não respondeu a tempo à lista de testes"),
            News::Broken(reason) => self.interrupt(Ending::Trapped(reason.clone()), &reason),
            News::Cancelled => vec![Step::DisarmDeadline, Step::End(Outcome::Cancelled)],
        }
    }

    /// Primeiro os testes que a página mostra, depois os que só o módulo conhece.
    fn plan(&mut self, names: &[String]) -> Vec<Step> {
        let ours = |name: &&String| name.starts_with(&self.prefix);
        let shown = self.expected.iter().filter(|name| names.contains(name)).cloned();
        let extra = names.iter().filter(ours).filter(|name| !self.expected.contains(name)).cloned();
        self.pending = shown.chain(extra).collect();
        self.missing = self.expected.iter().filter(|name| !names.contains(name)).cloned().collect();
        let mut steps = vec![Step::DisarmDeadline];
        if self.pending.is_empty() {
            steps.extend(self.finish());
        } else {
            steps.push(Step::AskTests(self.pending.iter().cloned().collect()));
        }
        steps
    }

    /// O Worker não serve mais: culpa do teste em curso, se houver um; senão a corrida inteira acaba.
    fn interrupt(&mut self, ending: Ending, reason: &str) -> Vec<Step> {
        let Some(name) = self.running.take() else {
            return vec![Step::DisarmDeadline, Step::End(Outcome::Broken(reason.to_owned()))];
        };
        self.forget(&name);
        let mut steps = vec![Step::DisarmDeadline, Step::Report(without_output(&name, ending))];
        if self.pending.is_empty() {
            steps.extend(self.finish());
        } else {
            steps.push(Step::Restart(self.pending.iter().cloned().collect()));
        }
        steps
    }

    fn finish(&mut self) -> Vec<Step> {
        let missing = self.missing.drain(..);
        let mut steps: Vec<Step> = missing.map(|name| Step::Report(absent(&name))).collect();
        steps.push(Step::End(Outcome::Finished));
        steps
    }

    fn forget(&mut self, name: &str) {
        self.running = None;
        self.pending.retain(|pending| pending != name);
    }
}

fn without_output(name: &str, ending: Ending) -> TestResult {
    let execution = Execution { ending, stdout: String::new(), stderr: String::new(), duration_ms: 0.0 };
    TestResult { name: name.to_owned(), verdict: judge(name, &execution), execution }
}

/// Um teste que a página mostra e o módulo não tem: `judge` sabe dizê-lo quando a lista volta sem rodar nada.
fn absent(name: &str) -> TestResult {
    let execution = Execution {
        ending: Ending::Returned,
        stdout: "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"
            .into(),
        stderr: String::new(),
        duration_ms: 0.0,
    };
    TestResult { name: name.to_owned(), verdict: judge(name, &execution), execution }
}

#[cfg(test)]
mod tests {
    use wasi_host::{Status, Verdict};

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn passed(name: &str) -> TestResult {
        TestResult {
            name: name.into(),
            execution: Execution {
                ending: Ending::Returned,
                stdout: String::new(),
                stderr: String::new(),
                duration_ms: 1.0,
            },
            verdict: Verdict { status: Status::Passed, message: None },
        }
    }

    fn reported(steps: &[Step]) -> Vec<(&str, Status)> {
        steps
            .iter()
            .filter_map(|step| match step {
                Step::Report(result) => Some((result.name.as_str(), result.verdict.status)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn only_the_tests_of_the_step_run_in_the_order_of_the_page() {
        let mut run = Run::of_step("retries::", names(&["retries::b", "retries::a"]));
        let steps = run.hear(News::Listed(names(&["queue::z", "retries::a", "retries::b", "retries::c"])));
        let asked = names(&["retries::b", "retries::a", "retries::c"]);
        assert_eq!(steps, [Step::DisarmDeadline, Step::AskTests(asked)]);
    }

    #[test]
    fn a_whole_module_runs_in_its_own_order() {
        let mut run = Run::of_module();
        let steps = run.hear(News::Listed(names(&["b::x", "a::y"])));
        assert!(steps.contains(&Step::AskTests(names(&["b::x", "a::y"]))));
    }

    #[test]
    fn a_test_that_the_module_lacks_never_passes() {
        let mut run = Run::of_step("a::", names(&["a::x"]));
        let steps = run.hear(News::Listed(names(&["b::y"])));
        let [("a::x", status)] = reported(&steps)[..] else {
            panic!("esperava um resultado, veio {steps:?}");
        };
        assert_ne!(status, Status::Passed);
        assert_eq!(steps.last(), Some(&Step::End(Outcome::Finished)));
    }

    #[test]
    fn a_missed_deadline_fails_one_test_and_goes_on_with_the_next() {
        let mut run = Run::of_step("a::", names(&["a::x", "a::y", "a::z"]));
        run.hear(News::Listed(names(&["a::x", "a::y", "a::z"])));
        run.hear(News::Started("a::x".into()));
        run.hear(News::Tested(passed("a::x")));
        run.hear(News::Started("a::y".into()));
        let steps = run.hear(News::DeadlinePassed);
        assert_eq!(reported(&steps), [("a::y", Status::Timeout)]);
        assert_eq!(steps.last(), Some(&Step::Restart(names(&["a::z"]))));
    }

    #[test]
    fn a_missed_deadline_in_the_last_test_ends_the_run() {
        let mut run = Run::of_step("a::", names(&["a::x"]));
        run.hear(News::Listed(names(&["a::x"])));
        run.hear(News::Started("a::x".into()));
        let steps = run.hear(News::DeadlinePassed);
        assert_eq!(steps.last(), Some(&Step::End(Outcome::Finished)));
    }

    #[test]
    fn a_worker_that_dies_in_a_test_fails_that_test_only() {
        let mut run = Run::of_step("a::", names(&["a::x", "a::y"]));
        run.hear(News::Listed(names(&["a::x", "a::y"])));
        run.hear(News::Started("a::x".into()));
        let steps = run.hear(News::Broken("sem memória".into()));
        assert_eq!(reported(&steps), [("a::x", Status::Failed)]);
        assert_eq!(steps.last(), Some(&Step::Restart(names(&["a::y"]))));
    }

    #[test]
    fn a_module_that_does_not_load_breaks_the_run() {
        let mut run = Run::of_module();
        let steps = run.hear(News::Broken("404".into()));
        assert_eq!(steps.last(), Some(&Step::End(Outcome::Broken("404".into()))));
    }

    #[test]
    fn cancelling_ends_at_once() {
        let mut run = Run::of_module();
        run.hear(News::Listed(names(&["a::x"])));
        run.hear(News::Started("a::x".into()));
        assert_eq!(run.hear(News::Cancelled), [Step::DisarmDeadline, Step::End(Outcome::Cancelled)]);
    }
}
