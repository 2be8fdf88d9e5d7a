//! O que o analisador lê e o que ele recusa.

use super::*;
use crate::vtl::ast::Reference;

fn tree(template: &str) -> String {
    match parse(template) {
        Ok(nodes) => nodes.iter().map(node).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

fn node(node: &Node) -> String {
    match node {
        Node::Text(text) => format!("{text:?}"),
        Node::Reference(reference) => path(reference),
        Node::Set { target, value } => format!("set({} = {})", path(target), expression(value)),
        Node::If(branches) => branches
            .iter()
            .map(|branch| {
                let body: Vec<_> = branch.body.iter().map(super::tests::node).collect();
                let condition = branch.condition.as_ref().map_or("else".to_owned(), expression);
                format!("if({condition})<{}>", body.join(" "))
            })
            .collect(),
        Node::Foreach(Foreach { variable, items, body }) => {
            let body: Vec<_> = body.iter().map(super::tests::node).collect();
            format!("foreach({variable}: {})<{}>", expression(items), body.join(" "))
        }
    }
}

fn path(reference: &Reference) -> String {
    let steps = reference.steps.iter().map(|step| match step {
        Step::Property(name) => format!(".{name}"),
        Step::Index(index) => format!("[{}]", expression(index)),
        Step::Call { method, arguments } => format!(".{method}({})", list(arguments)),
    });
    format!("{}{}", reference.root, steps.collect::<String>())
}

fn list(items: &[Expression]) -> String {
    items.iter().map(expression).collect::<Vec<_>>().join(", ")
}

fn expression(value: &Expression) -> String {
    match value {
        Expression::Boolean(value) => value.to_string(),
        Expression::Integer(value) => value.to_string(),
        Expression::Float(value) => format!("{value:?}"),
        Expression::Text(value) => format!("{value:?}"),
        Expression::Interpolated(nodes) => format!("`{}`", nodes.iter().map(node).collect::<Vec<_>>().join(" ")),
        Expression::Reference(reference) => path(reference),
        Expression::List(items) => format!("[{}]", list(items)),
        Expression::Range(first, last) => format!("[{}..{}]", expression(first), expression(last)),
        Expression::Map(pairs) => {
            let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("{}: {}", expression(k), expression(v))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Expression::Not(inner) => format!("!{}", expression(inner)),
        Expression::And(left, right) => format!("({} && {})", expression(left), expression(right)),
        Expression::Or(left, right) => format!("({} || {})", expression(left), expression(right)),
        Expression::Binary(operator, left, right) => {
            format!("({} {operator:?} {})", expression(left), expression(right))
        }
    }
}

#[test]
fn references_end_where_velocity_ends_them() {
    insta::assert_snapshot!(
        tree("$a.b.c().d('x', 1)[0]['k']. $!{e}.f ${g-h}$i-$j a$5 ${5} $. $ $k.l(m)$n.o( )"),
        @r#"a.b.c().d("x", 1)[0]["k"] ". " e ".f " g-h i- j " a$5 ${5} $. $ " k.l "(m)" n.o()"#
    );
}

#[test]
fn operators_have_the_precedence_of_velocity() {
    insta::assert_snapshot!(
        tree("#set($x = 1 + 2 * 3 - 4 == $n.size() and !$a || $b lt 2 && (1 + 2) > 3)"),
        @"set(x = (((((1 Add (2 Multiply 3)) Subtract 4) Equal n.size()) && !a) || ((b Less 2) && ((1 Add 2) Greater 3))))"
    );
}

#[test]
fn lists_maps_ranges_and_texts_are_values() {
    insta::assert_snapshot!(
        tree(r#"#set($x = [1, "b", [1..$n], {"k": -1.5, $c: []}])#set($y = "a""b $c#if($d)e#end")#set($z = 'it''s $c \')"#),
        @r#"set(x = [1, "b", [1..n], {"k": -1.5, c: []}]) set(y = `"a\"b " c if(d)<"e">`) set(z = "it's $c \\")"#
    );
}

#[test]
fn directives_eat_the_end_of_their_line_and_set_eats_the_blanks_before_it_too() {
    insta::assert_snapshot!(
        tree("{\n  #if($a)  \n  #set($b = 1)\n  1\n  #else\n  2#end \n}\n#foreach($c in $d)\n$c#end"),
        @r#""{\n  " if(a)<set(b = 1) "  1\n  ">if(else)<"  2"> "}\n" foreach(c: d)<c>"#
    );
    insta::assert_snapshot!(tree("a\n  #set($b = 1)\nc"), @r#""a\n  " set(b = 1) "c""#);
}

#[test]
fn comments_vanish_and_other_hashes_are_text() {
    insta::assert_snapshot!(
        tree("a ## b\nc #* d\n *# e #pk #[[ $f #if ]]##{g} Job#$h #set"),
        @r##""a c  e #pk  $f #if #{g} Job#" h " #set""##
    );
}

#[test]
fn a_backslash_makes_text_of_a_reference_or_directive() {
    insta::assert_snapshot!(
        tree(r"\$a.b() \\$a \\\$a \#if \a \#b"),
        @r##""$a.b() \\" a " \\$a #if \\a \\#b""##
    );
}

#[test]
fn what_cannot_be_read_says_where_and_what_to_do() {
    let bad = [
        "{\n  #if($a)\n  x\n}",
        "a\n#end",
        "#foreach($a in $b)x",
        "#if($a)#else b #elseif($c) d #end",
        "#foreach($a in $b)#else#end",
        "#if $a #end",
        "#foreach($a of $b)#end",
        "#set(x = 1)",
        "#set($x == 1)",
        "#set($x.a() = 1)",
        "#set($x = $n -1)",
        "#set($x = )",
        "#set($x = [1 2])",
        "$a.substring(0, $n - 1)",
        "${a",
        "#* a",
        "#macro(a)#end",
        "#if($a == 'b)x#end",
        "#set($x = \"a\n #if($b)\")",
    ];
    insta::assert_snapshot!(bad.map(tree).join("\n"), @"
    linha 2, coluna 3: este `#if` não fecha: falta o `#end`
    linha 2, coluna 1: este `#end` não tem um `#if` ou `#foreach` antes dele
    linha 1, coluna 1: este `#foreach` não fecha: falta o `#end`
    linha 1, coluna 16: este `#elseif` vem depois do `#else`; depois do `#else` só cabe o `#end`
    linha 1, coluna 19: este `#else` está em um `#foreach`, não em um `#if`
    linha 1, coluna 5: a condição vai entre parênteses: `#if($x)`
    linha 1, coluna 12: um `#foreach` tem esta forma: `#foreach($item in $list)`
    linha 1, coluna 6: um `#set` começa com o nome que recebe o valor: `#set($x = 1)`
    linha 1, coluna 9: depois do nome, em um `#set`, vem `=`
    linha 1, coluna 6: o lado esquerdo de um `#set` não pode ser um método
    linha 1, coluna 14: o `-` colado faz parte do número: para subtrair, escreva `- 1`, com espaço
    linha 1, coluna 11: aqui vai um valor: um texto, um número, uma lista ou `$nome`
    linha 1, coluna 14: falta `,` ou `]` na lista
    linha 1, coluna 20: falta o `)` que fecha o método; ali não cabem contas: faça um `#set` antes e use a variável
    linha 1, coluna 4: falta o `}` que fecha `${a…`
    linha 1, coluna 1: o que começa aqui não fecha: falta `*#`
    linha 1, coluna 1: `#macro` existe no Velocity, mas este modelo não o tem
    linha 1, coluna 11: o texto que começa aqui não fecha: falta `'`
    linha 2, coluna 2: este `#if` não fecha: falta o `#end`
    ");
}

#[test]
fn nesting_has_a_bottom() {
    for (start, open) in [("", "#if($a)"), ("#set($x = ", "("), ("", "$a["), ("#set($x = ", "["), ("#if(", "!")] {
        let read = tree(&format!("{start}{}", open.repeat(200)));
        assert!(read.contains("níveis"), "{open}: {read}");
    }
}
