"""Reads a PowerShell script with tree-sitter's grammar and tells what is in it, as JSON: syntax errors, commands with their parameters,
and the values of all literal strings."""

import json
import sys

import tree_sitter_powershell
from tree_sitter import Language, Parser

# The grammar knows no script without a statement, so that one of comments alone gets one that does nothing.
source = sys.stdin.buffer.read() + b"\n$null\n"
tree = Parser(Language(tree_sitter_powershell.language())).parse(source)


def text(node):
    return source[node.start_byte : node.end_byte].decode()


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def named(node, kind):
    """The nodes of a kind below one, but for those of commands within it."""
    for child in node.children:
        if child.type == kind:
            yield child
        elif child.type != "command":
            yield from named(child, kind)


errors = [
    f"line {node.start_point[0] + 1}, column {node.start_point[1] + 1}: {text(node)[:60]!r}"
    for node in walk(tree.root_node)
    if node.is_error or node.is_missing
]
commands = [
    [
        text(node.child_by_field_name("command_name") or node.children[0]),
        [text(parameter) for parameter in named(node, "command_parameter")],
    ]
    for node in walk(tree.root_node)
    if node.type == "command"
]
literals = [text(node) for node in walk(tree.root_node) if node.type == "verbatim_string_characters"]
json.dump({"errors": errors, "commands": commands, "literals": literals}, sys.stdout)
