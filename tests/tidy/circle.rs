//! No two files of a crate need each other, directly or by way of others: each can be read knowing
//! only those below it. A parent that only declares its children does not need them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    source::{Source, assert_clean, assert_complains, sources},
    syntax::{imports_and_paths, tokens},
};

/// A module as the path from its crate's root.
type Module = Vec<String>;

/// One complaint for each group of files that need each other.
fn circles(folder: &str, files: &[Source]) -> Vec<String> {
    let modules: BTreeMap<Module, &Source> =
        files.iter().map(|file| (module_of(folder, file, files), file)).collect();
    let needs: BTreeMap<&Module, BTreeSet<&Module>> =
        modules.iter().map(|(module, file)| (module, needed(module, file, &modules))).collect();
    let reach: BTreeMap<_, _> =
        needs.keys().map(|module| (*module, reached(module, &needs))).collect();
    let mut complaints = Vec::new();
    let mut told = BTreeSet::new();
    for (module, reached) in &reach {
        let circle: BTreeSet<&Module> =
            reached.iter().copied().filter(|other| reach[other].contains(module)).collect();
        if circle.is_empty() || !told.insert(circle.clone()) {
            continue;
        }
        let path = |module: &Module| modules[module].path.as_str();
        let lines = circle.iter().map(|from| {
            let to: Vec<_> = needs[from].intersection(&circle).map(|to| path(to)).collect();
            format!("    {} needs {}", path(from), to.join(", "))
        });
        let lines: Vec<_> = lines.collect();
        complaints.push(format!("these files need each other:\n{}", lines.join("\n")));
    }
    complaints
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; lib.rs is the root, and so is main.rs where there is no
/// library.
fn module_of(folder: &str, file: &Source, files: &[Source]) -> Module {
    let has_lib = files.iter().any(|file| file.path == format!("{folder}/lib.rs"));
    let below = file.path.strip_prefix(folder).unwrap_or(&file.path).trim_start_matches('/');
    let below = below.trim_end_matches(".rs");
    match below {
        "lib" => Vec::new(),
        "main" if !has_lib => Vec::new(),
        below => below.trim_end_matches("/mod").split('/').map(str::to_owned).collect(),
    }
}

/// The modules that a file imports from or names in a path.
fn needed<'a>(
    module: &Module,
    file: &Source,
    modules: &'a BTreeMap<Module, &Source>,
) -> BTreeSet<&'a Module> {
    let tokens = tokens(&file.text);
    let (imports, paths) = imports_and_paths(&tokens);
    let mut names = BTreeMap::new();
    let mut absolute = Vec::new();
    for import in &imports {
        if let Some(path) = resolve(module, &import.path, modules, &names) {
            absolute.push(path.clone());
            names.insert(import.name, path);
        }
    }
    absolute.extend(paths.iter().filter_map(|path| resolve(module, path, modules, &names)));
    let holders = absolute.iter().filter_map(|path| {
        // The longest part of the path that is a file.
        (0..=path.len()).rev().find_map(|n| modules.get_key_value(&path[..n]))
    });
    holders.map(|(holder, _)| holder).filter(|holder| *holder != module).collect()
}

/// The path from the root; none for another crate's.
fn resolve(
    module: &Module,
    path: &[&str],
    modules: &BTreeMap<Module, &Source>,
    names: &BTreeMap<&str, Module>,
) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let child = [module.as_slice(), &[(*first).to_owned()]].concat();
    let mut absolute = match *first {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => {
            let parent = module.split_last()?.1.to_vec();
            return match rest.first() {
                Some(&"super") => resolve(&parent, rest, modules, names),
                _ => Some([parent, rest.iter().map(|&part| part.to_owned()).collect()].concat()),
            };
        }
        _ if modules.contains_key(&child) => child,
        name => names.get(name)?.clone(),
    };
    absolute.extend(rest.iter().map(|&part| part.to_owned()));
    Some(absolute)
}

fn reached<'a>(
    from: &'a Module,
    needs: &BTreeMap<&'a Module, BTreeSet<&'a Module>>,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        next.extend(needs[module].iter().copied().filter(|module| reached.insert(*module)));
    }
    reached
}

#[test]
fn no_two_files_need_each_other() {
    let all = ["src", "bench/src"].map(|folder| circles(folder, &sources(folder, ".rs")));
    assert_clean(&all.concat());
}

fn complaints(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    circles("src", &files)
}

#[test]
fn files_that_import_each_other_are_named() {
    let found = complaints(&[
        ("src/lib.rs", "mod a; mod b; mod c;"),
        ("src/a.rs", "use crate::{b::{self, B}, c};"),
        ("src/b.rs", "fn f() { crate::a::g() }"),
        ("src/c.rs", ""),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_complains(&found, "src/a.rs needs src/b.rs");
    assert_complains(&found, "src/b.rs needs src/a.rs");
    let longer = [
        ("src/lib.rs", ""),
        ("src/a.rs", "use crate::b;"),
        ("src/b.rs", "use crate::c::C;"),
        ("src/c.rs", "use crate::a;\nfn f() { a::g() }"),
    ];
    assert_complains(&complaints(&longer), "src/c.rs needs src/a.rs");
    assert_clean(&complaints(&longer[..3]));
}

#[test]
fn a_parent_may_declare_its_children_and_one_of_both_may_use_the_other() {
    let child = ("src/a/b.rs", "use super::A;");
    let sibling = ("src/a/c.rs", "use super::b::B;");
    for parent in
        ["mod b; mod c; struct A;", "mod b;\n#[cfg(test)]\nmod tests { use super::b::B; }"]
    {
        assert_clean(&complaints(&[("src/a/mod.rs", parent), child, sibling]));
    }
    for parent in ["mod b; use b::B;", "mod b; pub use self::b::B;", "mod b; fn f() { b::g() }"] {
        let found = complaints(&[("src/a/mod.rs", parent), child]);
        assert_complains(&found, "src/a/mod.rs needs src/a/b.rs");
        assert_clean(&complaints(&[("src/a/mod.rs", parent), ("src/a/b.rs", "struct B;")]));
    }
    // By way of a sibling.
    let parent = ("src/a/mod.rs", "mod b; mod c; use c::C;");
    assert_complains(&complaints(&[parent, child, sibling]), "src/a/c.rs needs src/a/b.rs");
    let root = ("src/main.rs", "mod a; struct Root; fn f() { a::g() }");
    assert_complains(&complaints(&[root, ("src/a.rs", "use crate::Root;")]), "src/main.rs needs");
}
