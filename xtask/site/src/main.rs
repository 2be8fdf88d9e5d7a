//! `site build` e `site serve`; no dia a dia, `cargo xtask build` e `cargo xtask serve`.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "em um teste, o pânico é a falha"))]

mod cli;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use grader::course::Course;
use grader::toolchain;
use site::{Options, Problems};

use cli::Command;

/// O texto do livro tem problemas: quem escreveu a página conserta.
const BOOK_HAS_PROBLEMS: u8 = 1;
/// Não deu para gerar ou servir: uso errado, falta de ferramenta, disco.
const COULD_NOT_RUN: u8 = 2;
/// Quanto esperar, depois do Ctrl-C, para que uma geração ou compilação em curso apague o que deixou pela metade.
const CLEAN_UP: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("erro: {error:#}");
            ExitCode::from(if error.is::<Problems>() { BOOK_HAS_PROBLEMS } else { COULD_NOT_RUN })
        }
    }
}

fn run() -> Result<()> {
    match cli::parse(std::env::args_os())? {
        Command::Help => {
            print!("{}", cli::HELP);
            Ok(())
        }
        Command::Build { output } => {
            let course = Course::find()?;
            let output = output.unwrap_or_else(|| course.target.join("book"));
            site::build(&course, &output)?;
            println!("O livro está em {}; abra-o por um servidor de arquivos qualquer.", output.display());
            Ok(())
        }
        Command::Serve { port, open } => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("não consegui preparar o servidor")?;
            let result = runtime.block_on(serve(port, open));
            // O trabalho em curso já recebeu o pedido de parar; se demorar, a próxima geração faz a limpeza.
            runtime.shutdown_timeout(CLEAN_UP);
            result
        }
    }
}

async fn serve(port: u16, open: bool) -> Result<()> {
    let course = Course::find()?;
    let wasm = toolchain::wasm().inspect_err(|error| eprintln!("Aviso: {error}")).ok();
    println!("Gerando o livro…");
    let starting = site::serve(Options { course, port, wasm });
    let server = tokio::select! {
        started = starting => started?,
        _ = tokio::signal::ctrl_c() => {
            grader::interrupt::request();
            return Ok(());
        }
    };
    println!("O livro está em {} (Ctrl-C termina).", server.url());
    println!("Só esta máquina o alcança, mas outro usuário dela também consegue abrir a página e editar os passos.");
    if open && let Err(error) = opener::open_browser(server.url()) {
        eprintln!("Não consegui abrir o navegador ({error}); abra o endereço acima.");
    }
    tokio::signal::ctrl_c().await.context("não consegui esperar pelo Ctrl-C")?;
    println!("Terminando…");
    grader::interrupt::request();
    tokio::select! {
        stopped = server.stop() => stopped,
        // Uma segunda vez é para já: alguma conexão pode não querer fechar.
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
