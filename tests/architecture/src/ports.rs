//! What types cannot say about ports, transactions and aggregates; read from the syntax tree.

use std::path::Path;

use syn::visit::Visit;
use syn::{FnArg, ItemStruct, ItemTrait, Meta, ReturnType, Signature, TraitItem, Type};

use crate::workspace::{Workspace, files};

/// In the `ports` of a domain or use case, every async method takes a scope first, or says `Unscoped:` and why.
#[must_use]
pub fn scope_violations(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.packages.iter().filter(|p| matches!(p.ring(), Some("domain" | "usecase"))) {
        for file in files(&package.dir().join("src"), "rs") {
            let is_ports = file.file_stem().is_some_and(|stem| stem == "ports")
                || file.iter().any(|part| part == "ports");
            if is_ports {
                found.extend(visit(&file, |tree| {
                    let mut rule = ScopeRule::default();
                    rule.visit_file(tree);
                    rule.found
                }));
            }
        }
    }
    found
}

/// A function that takes a transaction ends in `_in_tx`; a struct with a snapshot keeps its fields to itself.
#[must_use]
pub fn shape_violations(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        for file in files(&package.dir().join("src"), "rs") {
            found.extend(visit(&file, |tree| {
                let mut rule = ShapeRule::default();
                rule.visit_file(tree);
                rule.report(package.ring() == Some("domain"))
            }));
        }
    }
    found
}

fn visit(file: &Path, rule: impl FnOnce(&syn::File) -> Vec<String>) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    match syn::parse_file(&text) {
        Ok(tree) => rule(&tree).into_iter().map(|line| format!("{}: {line}", file.display())).collect(),
        Err(error) => vec![format!("{}: does not parse: {error}", file.display())],
    }
}

#[derive(Default)]
struct ScopeRule {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for ScopeRule {
    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        for method in item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(method) => Some(method),
            _ => None,
        }) {
            let is_async = method.sig.asyncness.is_some();
            let excused = method.attrs.iter().any(|attribute| match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("doc") => {
                    quote_text(&pair.value).contains("Unscoped:")
                }
                _ => false,
            });
            if is_async && !excused && !takes_scope_first(&method.sig) {
                self.found.push(format!(
                    "{}::{} takes no scope first; add `&TenantScope`, or a doc line `Unscoped: <reason>`",
                    item.ident, method.sig.ident
                ));
            }
        }
    }
}

fn quote_text(expr: &syn::Expr) -> String {
    match expr {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => text.value(),
        _ => String::new(),
    }
}

fn takes_scope_first(signature: &Signature) -> bool {
    let first = signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    });
    let Some(Type::Reference(reference)) = first else { return false };
    matches!(last_segment(&reference.elem).as_deref(), Some("TenantScope" | "PlatformScope"))
}

fn last_segment(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

#[derive(Default)]
struct ShapeRule {
    transactions: Vec<String>,
    structs: Vec<(String, bool)>,
}

impl ShapeRule {
    fn report(self, is_domain: bool) -> Vec<String> {
        let snapshots: Vec<_> = self
            .structs
            .iter()
            .filter_map(|(name, _)| name.strip_suffix("Snapshot").map(str::to_owned))
            .collect();
        let open = self
            .structs
            .iter()
            .filter(|(name, has_pub_field)| is_domain && *has_pub_field && snapshots.contains(name))
            .map(|(name, _)| {
                format!("the aggregate `{name}` has a public field; change it through its transitions")
            });
        let named = self
            .transactions
            .iter()
            .map(|name| format!("`{name}` takes a transaction; end its name in `_in_tx`"));
        named.chain(open).collect()
    }
}

impl<'ast> Visit<'ast> for ShapeRule {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let takes_transaction = signature.inputs.iter().any(|input| match input {
            FnArg::Typed(typed) => match &*typed.ty {
                Type::Reference(reference) => {
                    last_segment(&reference.elem).is_some_and(|name| name == "Transaction")
                }
                other => last_segment(other).is_some_and(|name| name == "Transaction"),
            },
            FnArg::Receiver(_) => false,
        });
        // Ending a transaction is not working in it.
        let ends_it = matches!(signature.output, ReturnType::Default) && signature.ident == "drop";
        if takes_transaction && !ends_it && !signature.ident.to_string().ends_with("_in_tx") {
            self.transactions.push(signature.ident.to_string());
        }
        syn::visit::visit_signature(self, signature);
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let has_pub_field = item.fields.iter().any(|field| matches!(field.vis, syn::Visibility::Public(_)));
        self.structs.push((item.ident.to_string(), has_pub_field));
    }
}
