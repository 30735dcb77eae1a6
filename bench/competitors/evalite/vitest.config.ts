/** Here so that vitest, which looks for it upwards, does not take the project's own. */
export default {};
