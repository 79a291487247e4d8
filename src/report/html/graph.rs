//! Paths of escalation as a tree from the role to what is gained, drawn as SVG. Paths share the steps that they begin with.

use super::text;
use crate::report::overview::EscalationPath;

const WIDTH: usize = 210;
const GAP: usize = 36;
const LINE: usize = 15;
const PAD: usize = 8;
const ROW_GAP: usize = 14;
/// Characters that fit into a box.
const LETTERS: usize = 26;

/// The drawing.
#[derive(Debug, Default)]
pub struct Graph {
    pub width: usize,
    pub height: usize,
    pub nodes: Vec<Node>,
    /// Each the `d` of an SVG path.
    pub edges: Vec<String>,
}

/// A box.
#[derive(Debug)]
pub struct Node {
    pub class: &'static str,
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
    /// Lines of text, each with its place.
    pub lines: Vec<(usize, usize, String)>,
}

/// The tree before it has places.
#[derive(Debug, Default)]
struct Branch {
    class: &'static str,
    label: String,
    next: Vec<Branch>,
}

/// Draws the paths of one role. No path, no drawing.
pub fn graph(role: &str, paths: &[&EscalationPath]) -> Option<Graph> {
    if paths.is_empty() {
        return None;
    }
    let mut root = Branch { class: "who", label: text(role), next: Vec::new() };
    for path in paths {
        let steps = path.steps.iter().map(|step| ("step", step.action.to_string()));
        root.grow(steps.chain([("goal", text(&path.goal))]));
    }
    let mut drawing = Graph::default();
    let mut top = 1;
    drawing.place(&root, 0, &mut top);
    drawing.height = top.saturating_sub(ROW_GAP) + 1;
    Some(drawing)
}

impl Branch {
    fn grow(&mut self, steps: impl Iterator<Item = (&'static str, String)>) {
        let mut at = self;
        for (class, label) in steps {
            let known = at.next.iter().position(|next| next.class == class && next.label == label);
            let index = known.unwrap_or_else(|| {
                at.next.push(Self { class, label, next: Vec::new() });
                at.next.len() - 1
            });
            let Some(next) = at.next.get_mut(index) else { return };
            at = next;
        }
    }
}

impl Graph {
    /// Places a branch and all behind it; hands out the height of its middle. Leaves go one below the other.
    fn place(&mut self, branch: &Branch, column: usize, top: &mut usize) -> usize {
        let lines = wrap(&branch.label);
        let height = lines.len() * LINE + 2 * PAD;
        let x = 1 + column * (WIDTH + GAP);
        let middles: Vec<usize> = branch.next.iter().map(|next| self.place(next, column + 1, top)).collect();
        let middle = match (middles.first(), middles.last()) {
            (Some(first), Some(last)) => usize::midpoint(*first, *last).max(height / 2 + 1),
            _ => {
                let middle = *top + height / 2;
                *top += height + ROW_GAP;
                middle
            }
        };
        for end in middles {
            let (from, to) = (x + WIDTH, x + WIDTH + GAP - 5);
            let bend = from + GAP / 2;
            self.edges.push(format!("M{from} {middle}C{bend} {middle} {bend} {end} {to} {end}"));
        }
        let y = middle - height / 2;
        // A box that stands beside a single lower one may reach further down than its leaves.
        *top = (*top).max(y + height + ROW_GAP);
        let line = |(at, line): (usize, String)| (x + PAD + 2, y + PAD + LINE * (at + 1) - 4, line);
        let lines = lines.into_iter().enumerate().map(line).collect();
        self.width = self.width.max(x + WIDTH + 1);
        self.nodes.push(Node { class: branch.class, x, y, width: WIDTH, height, lines });
        middle
    }
}

/// Breaks at spaces, and a word that is too long wherever it must.
fn wrap(label: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in label.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(LETTERS) {
            let piece: String = piece.iter().collect();
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= LETTERS => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::overview::EscalationStep;

    fn path(goal: &str, steps: &[&str]) -> EscalationPath {
        let step = |action: &&str| EscalationStep { action: action.parse().unwrap(), resource: "*".into() };
        EscalationPath {
            role: "arn:aws:iam::111122223333:role/ci".parse().unwrap(),
            name: "n".into(),
            family: "f".into(),
            goal: goal.into(),
            steps: steps.iter().map(step).collect(),
            others: Vec::new(),
        }
    }

    #[test]
    fn paths_share_what_they_begin_with_and_no_box_covers_another() {
        let paths = [
            path("runs as any role", &["iam:PassRole", "ec2:RunInstances"]),
            path("runs code as any role, wherever that leads in the end", &["iam:PassRole", "lambda:CreateFunction"]),
            path("gives itself any managed policy", &["iam:AttachRolePolicy"]),
        ];
        let drawn = graph("ci", &paths.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(drawn.nodes.len(), 1 + 1 + 2 + 2 + 2);
        assert_eq!(drawn.edges.len(), drawn.nodes.len() - 1);
        for (at, one) in drawn.nodes.iter().enumerate() {
            assert!(one.x + one.width <= drawn.width && one.y + one.height <= drawn.height, "{one:?}");
            let beside = drawn.nodes.iter().skip(at + 1).filter(|other| other.x == one.x);
            for other in beside {
                assert!(one.y + one.height <= other.y || other.y + other.height <= one.y, "{one:?} {other:?}");
            }
        }
        assert!(graph("ci", &[]).is_none());
    }

    #[test]
    fn long_words_are_broken() {
        assert!(wrap(&"a".repeat(70)).iter().all(|line| line.len() <= LETTERS));
        assert_eq!(wrap("one two"), ["one two"]);
    }
}
