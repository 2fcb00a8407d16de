/** NPY files, case folders, and how outputs are compared with goldens. */
package dev.baton.cases;
