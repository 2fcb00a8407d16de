/** What program files hold: where their bytes go, and how two of them differ. Nothing is run. */
package dev.baton.devtools.program;
