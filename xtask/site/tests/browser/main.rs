//! O livro em um navegador de verdade, do jeito que um leitor o usa.
//!
//! Precisa dos alvos WASM, do Chromium e do ChromeDriver: `cargo xtask test --only browser --setup`. Sem `--ignored`, os cenários
//! só são listados. Cada página é fotografada em `target/screenshots`.
//!
//! ```text
//! bench ─ o curso copiado, o servidor, o ChromeDriver     page ─ o que um leitor faz em uma página
//! steps, editor, lab, gateway, quiz, sheet, looks, hosts, published ─ os cenários
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "em um teste, parar na primeira surpresa é o que se quer")]

mod bench;
mod editor;
mod gateway;
mod hosts;
mod lab;
mod looks;
mod page;
mod published;
mod quiz;
mod sheet;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use bench::Bench;

/// Cada cenário é uma função assíncrona de [`Bench`]; o nome diz o que se espera da página.
macro_rules! scenarios {
    ($bench:expr; $($module:ident :: $name:ident),* $(,)?) => {
        vec![$({
            let bench: Option<Arc<Bench>> = $bench.clone();
            let name = concat!(stringify!($module), "::", stringify!($name));
            let scenario = move || {
                let bench = bench.ok_or("rode com `cargo xtask test --only browser`")?;
                bench.run(|bench| async move { $module::$name(bench).await }).map_err(Failed::from)
            };
            Trial::test(name, scenario).with_ignored_flag(true)
        }),*]
    };
}

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    // Quem só lista os cenários não precisa do navegador.
    let bench = (arguments.ignored || arguments.include_ignored).then(|| Arc::new(Bench::start()));
    let trials = scenarios![&bench;
        steps::the_starter_is_red_with_a_message_that_teaches,
        steps::the_reference_is_green_and_counts_the_points,
        steps::hints_open_one_by_one,
        editor::a_right_answer_typed_in_the_page_turns_green,
        editor::a_compile_error_is_marked_on_its_line,
        editor::an_infinite_loop_is_cancelled,
        editor::a_file_changed_on_disk_reaches_a_clean_editor,
        editor::a_file_changed_on_disk_never_overwrites_what_was_typed,
        editor::unsaved_text_survives_a_reload,
        lab::the_timeline_follows_the_controls,
        lab::the_timeline_is_read_by_keyboard,
        lab::the_reader_code_draws_its_own_timeline,
        gateway::a_template_is_rendered_as_it_is_typed,
        gateway::an_example_fills_the_policy_and_the_verdict_follows,
        gateway::the_bucket_follows_its_sliders,
        gateway::the_explorer_shows_where_a_request_stops,
        gateway::the_generated_client_calls_the_gateway_in_the_page,
        gateway::the_frame_of_the_client_is_isolated,
        gateway::the_reader_code_serves_its_own_client,
        quiz::every_answer_is_explained_and_remembered,
        sheet::the_sheet_prints_on_one_page,
        looks::every_page_fits_every_width_and_theme,
        published::the_static_site_works_from_a_sub_path,
        hosts::the_browser_agrees_with_the_machine,
    ];
    let conclusion = libtest_mimic::run(&arguments, trials);
    // O `Bench` encerra o ChromeDriver ao ser solto, antes da saída.
    drop(bench);
    conclusion.exit_code()
}
