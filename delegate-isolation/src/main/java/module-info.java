import org.jspecify.annotations.NullMarked;

/** Runs any delegate in a Java process of its own, so that a crash of its library ends that one. */
@NullMarked
module dev.baton.isolation {
  requires transitive dev.baton.delegate;
  requires static org.jspecify;

  exports dev.baton.isolation;

  uses dev.baton.delegate.Delegate;
  uses dev.baton.delegate.DelegateWrapper;

  provides dev.baton.delegate.DelegateWrapper with
      dev.baton.isolation.IsolationWrapper;
}
