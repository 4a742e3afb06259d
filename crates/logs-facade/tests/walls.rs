//! The walls, as whoever runs into one sees them: each of these programs has an engine's dependencies
//! and does not build.

#[test]
fn an_engine_reaches_no_database_and_nobody_makes_up_a_request() {
    trybuild::TestCases::new().compile_fail("tests/walls/*.rs");
}
