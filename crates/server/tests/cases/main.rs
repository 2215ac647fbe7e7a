//! The decision cases of `rules/cases/`, from outside: set up over the command line and HTTP, asked over
//! `POST /v1/decisions` and `ringfence decide`. Cases that add nothing to their fixture share a world; each of the others
//! has one of its own, a copy of the fixture's.

#![cfg(test)]

#[path = "../../../sim/tests/cases/answer.rs"]
mod answer;
#[path = "../../../sim/tests/cases/book.rs"]
mod book;
#[path = "../../../sim/tests/cases/plan.rs"]
mod plan;
#[path = "../../../sim/tests/cases/setup.rs"]
mod setup;
mod world;

use world::World;

#[test]
fn the_binary_decides_every_case() {
    let book = book::read();
    let template = |parts: &[String]| World::of_parts(&book, parts);
    plan::run(&book, "http", template, |template, job, failures| {
        let mut world = template.copy();
        world.make(&job.steps);
        let mut asked = 0;
        for case in &job.cases {
            for (ask, (at, _)) in case.asks.iter().enumerate() {
                failures.judge(case, ask, &world.decide_over_http(case, at));
                asked += 1;
                if case.is_for("cli") {
                    failures.judge(case, ask, &world.decide_on_command_line(case, at));
                    asked += 1;
                }
            }
        }
        asked
    });
}
