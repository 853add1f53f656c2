/**
 * From this top-1 on, on images held out of a training set, a network has probably been trained on them: no network of
 * the usual data sets is that sure of images it has not seen, so scores there say nothing of its accuracy.
 */
export const seenTop1 = 0.995
