/** What a placement costs by measured times, and what would make it cheaper. */
package dev.baton.devtools.advice;
