package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;

/**
 * A case to be measured: a model in one of the forms in which {@code benchmarks/export} writes it.
 * What the name of its folder says after the last hyphen is the form.
 */
record Subject(String model, Form form, ModelCase files) {
  /** How a model was exported. */
  enum Form {
    LOWERED("xnn", "float32"),
    STATIC_INT8("xnn8", "int8"),
    DYNAMIC_INT8("xnn8d", "dynamic int8"),
    PORTABLE("portable", "float32, never lowered"),
    OTHER("", "");

    private final String suffix;
    private final String words;

    Form(String suffix, String words) {
      this.suffix = suffix;
      this.words = words;
    }
  }

  static Subject of(ModelCase files) {
    String name = files.name();
    int hyphen = name.lastIndexOf('-');
    if (hyphen > 0) {
      for (Form form : Form.values()) {
        if (name.substring(hyphen + 1).equals(form.suffix)) {
          return new Subject(name.substring(0, hyphen), form, files);
        }
      }
    }
    return new Subject(name, Form.OTHER, files);
  }

  String title() {
    return form == Form.OTHER ? model : model + ", " + form.words;
  }
}
