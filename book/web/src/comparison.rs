//! A tabela que o código de quem lê produziu ao lado da de referência: o que difere, célula por célula.
//!
//! Uma linha se acha pela primeira célula e uma coluna pelo cabeçalho, e não pela posição: uma linha a mais não faz todas as de
//! baixo parecerem erradas. O que só uma das tabelas tem também difere.

use std::collections::BTreeSet;

use crate::output::{Block, Output, Table};

/// As duas tabelas, com o que difere marcado em cada uma.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub own: Marked,
    pub reference: Marked,
    /// Quantas células diferem, contando as que só uma das tabelas tem.
    pub differing: usize,
    /// Quantas células há ao todo, nas duas tabelas juntas.
    pub total: usize,
}

/// Uma tabela com marcas.
#[derive(Clone, Debug, PartialEq)]
pub struct Marked {
    pub label: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub text: String,
    pub differs: bool,
}

/// O lugar de uma célula: o nome da linha e o da coluna.
type Place<'a> = (&'a str, &'a str);

/// Cada tabela de `own` que também está em `reference` (pelo rótulo) vira uma comparação; o resto fica como está.
pub fn compare_tables(own: Output, reference: &Output) -> Output {
    let of_reference = |label: &str| {
        reference.blocks.iter().find_map(|block| match block {
            Block::Table(table) if table.label == label => Some(table),
            _ => None,
        })
    };
    let blocks = own
        .blocks
        .into_iter()
        .map(|block| match block {
            Block::Table(table) => match of_reference(&table.label) {
                Some(reference) => Block::Comparison(compare(&table, reference)),
                None => Block::Table(table),
            },
            other => other,
        })
        .collect();
    Output { blocks, ..own }
}

pub fn compare(own: &Table, reference: &Table) -> Comparison {
    let places: BTreeSet<Place<'_>> = places(own).chain(places(reference)).map(|(place, _)| place).collect();
    let differs = |place: Place<'_>| text_at(own, place) != text_at(reference, place);
    Comparison {
        own: mark(own, differs),
        reference: mark(reference, differs),
        differing: places.iter().filter(|place| differs(**place)).count(),
        total: places.len(),
    }
}

/// As células, menos a primeira de cada linha, que é o nome dela.
fn places(table: &Table) -> impl Iterator<Item = (Place<'_>, &str)> {
    table.rows.iter().flat_map(|row| {
        let name = row.first().map_or("", String::as_str);
        row.iter().zip(&table.header).skip(1).map(move |(cell, column)| ((name, column.as_str()), cell.as_str()))
    })
}

fn text_at<'a>(table: &'a Table, place: Place<'_>) -> Option<&'a str> {
    places(table).find(|(at, _)| *at == place).map(|(_, text)| text)
}

fn mark(table: &Table, differs: impl Fn(Place<'_>) -> bool) -> Marked {
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let name = row.first().map_or("", String::as_str);
            let marked = |(index, text): (usize, &String)| {
                let column = table.header.get(index).map_or("", String::as_str);
                Cell { text: text.clone(), differs: index > 0 && differs((name, column)) }
            };
            row.iter().enumerate().map(marked).collect()
        })
        .collect();
    Marked { label: table.label.clone(), header: table.header.clone(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]]) -> Table {
        let mut rows = rows.iter().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
        Table { label: "quadro".into(), header: rows.next().unwrap_or_default(), rows: rows.collect() }
    }

    fn differing(marked: &Marked) -> Vec<&str> {
        let cells = marked.rows.iter().flatten();
        cells.filter(|cell| cell.differs).map(|cell| cell.text.as_str()).collect()
    }

    #[test]
    fn only_the_cells_that_differ_are_marked_in_both() {
        let own = table(&[&["", "fila", "fluxo"], &["quem repete", "o SQS", "o SQS"], &["vezes", "3", "sempre"]]);
        let reference = table(&[&["", "fila", "fluxo"], &["quem repete", "o SQS", "o ESM"], &["vezes", "3", "sempre"]]);
        let comparison = compare(&own, &reference);
        assert_eq!((comparison.differing, comparison.total), (1, 4));
        assert_eq!(differing(&comparison.own), ["o SQS"]);
        assert_eq!(differing(&comparison.reference), ["o ESM"]);
    }

    #[test]
    fn rows_and_columns_are_found_by_name_and_what_one_side_lacks_differs() {
        let own = table(&[&["", "fluxo", "fila"], &["nova", "x", "y"], &["vezes", "sempre", "3"]]);
        let reference = table(&[&["", "fila", "fluxo"], &["vezes", "3", "sempre"], &["onde", "DLQ", "destino"]]);
        let comparison = compare(&own, &reference);
        assert_eq!((comparison.differing, comparison.total), (4, 6));
        assert_eq!(differing(&comparison.own), ["x", "y"]);
        assert_eq!(differing(&comparison.reference), ["DLQ", "destino"]);
    }

    #[test]
    fn a_table_without_a_pair_stays_as_it_is() {
        let own = table(&[&["a"], &["1"]]);
        let output = |blocks| Output { summary: "s".into(), blocks };
        let compared = compare_tables(output(vec![Block::Table(own.clone()), Block::Unknown]), &output(vec![]));
        assert_eq!(compared.blocks, [Block::Table(own), Block::Unknown]);
    }
}
