package dev.baton.runtime.program;

import static dev.baton.format.TableFacts.blob;
import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;
import static dev.baton.format.TableFacts.union;

import dev.baton.format.TableFacts;

/** The facts of {@code bundled_program.fbs}. */
final class BundleSchema {
  private BundleSchema() {}

  private static final TableFacts VALUE =
      table(
          "Value",
          union(
              "val",
              table(
                  "Tensor",
                  scalar(1, "scalar_type"),
                  scalars(4, "sizes"),
                  blob("data"),
                  scalars(1, "dim_order")),
              table("Int", scalar(8, "int_val")),
              table("Bool", scalar(1, "bool_val")),
              table("Double", scalar(8, "double_val"))));

  static final TableFacts BUNDLED_PROGRAM =
      table(
          "BundledProgram",
          scalar(4, "version"),
          many(
              table(
                  "BundledMethodTestSuite",
                  text("method_name"),
                  many(
                      table(
                          "BundledMethodTestCase",
                          many(VALUE, "inputs"),
                          many(VALUE, "expected_outputs")),
                      "test_cases")),
              "method_test_suites"),
          blob("program"));
}
