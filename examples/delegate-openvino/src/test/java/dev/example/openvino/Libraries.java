package dev.example.openvino;

import dev.baton.nativelib.LibraryFinder;
import dev.example.openvino.ffi.OpenvinoException;
import dev.example.openvino.ffi.OpenvinoLibrary;

/** The library that the tests were given: {@code openvino.library} names its folder. */
final class Libraries {
  private Libraries() {}

  static OpenvinoLibrary installed() throws OpenvinoException {
    return OpenvinoLibrary.load(LibraryFinder.locate(OpenvinoDelegate.SPEC).orThrow().path());
  }
}
