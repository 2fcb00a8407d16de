import org.jspecify.annotations.NullMarked;

/**
 * The shared way to native libraries: finding them, looking at them without loading, opening them
 * and binding their functions.
 *
 * <p>Only this module calls restricted methods of the Foreign Function and Memory API, so {@code
 * --enable-native-access=dev.baton.nativelib} is enough for every delegate that binds through it.
 */
@NullMarked
module dev.baton.nativelib {
  requires static org.jspecify;

  exports dev.baton.nativelib;
}
