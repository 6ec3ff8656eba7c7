# Makes units.json with R alone (4.2.2, no packages): what ticks say, and the evidence from them, by whole sums.
# Rscript units.R > units.json
set.seed(20261130)
number <- function(x) sprintf("%.17g", x)
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
row <- function(...) { fields <- list(...); paste0("{", paste0('"', names(fields), '": ', unlist(fields), collapse = ", "), "}") }
table <- function(name, rows) paste0('"', name, '": [\n  ', paste(rows, collapse = ",\n  "), "\n]")

# The larger arm thinned to the size of the smaller: the mean over dhyper of which share is the larger.
lean <- function(n, x, m, y, times) {
  if (x + y == 0) return(0)
  compare <- function(y, m, x, n) if (y == 0 && x == 0) 0 else { d <- y / m - times * x / n; if (abs(d) < 1e-9) 0 else sign(d) }
  if (max(n, m) <= 1.25 * min(n, m)) return(compare(y, m, x, n))
  if (m > n) { left <- 0:y; sum(dhyper(left, y, m - y, n) * sapply(left, function(y) compare(y, n, x, n))) }
  else { left <- 0:x; sum(dhyper(left, x, n - x, m) * sapply(left, function(x) compare(y, m, x, m))) }
}
leans <- sapply(1:60, function(i) {
  n <- sample(c(5, 45, 450, 5000), 1); m <- sample(c(5, 50, 600), 1); p <- sample(c(0.001, 0.01, 0.1, 0.5), 1)
  x <- rbinom(1, n, p); y <- rbinom(1, m, min(1, sample(c(1, 2), 1) * p)); times <- sample(c(1, 1.5), 1)
  row(n = number(n), x = number(x), m = number(m), y = number(y), times = number(times), expected = number(lean(n, x, m, y, times)))
})

# One bet a tick, each stake on its own; a fifth is put in later, and multiplies from there on: the sum over when, no recursion.
stakes <- c(0.15, 0.4, 0.9, 0.9)
evidence <- function(x) {
  factors <- sapply(stakes, function(l) log(1 + l * x)); if (length(x) == 1) factors <- t(factors)
  left <- 0.2 / (1 + log1p(cumsum(rep(10, length(x))) / 100)); put <- c(0.2, left[-length(x)])[seq_along(x)] - left; put[1] <- put[1] + 0.8
  terms <- left[length(x)] + sum(sapply(seq_along(x), function(at) put[at] * mean(exp(colSums(factors[at:length(x), , drop = FALSE])))))
  log(terms)
}
evidences <- sapply(1:30, function(i) {
  x <- round(pmin(1, pmax(-1, rnorm(sample(1:40, 1), sample(c(-0.3, 0, 0.4, 1), 1), 0.6))), 3)
  row(x = vector(x), expected = number(evidence(x)))
})
cat("{\n", paste(c(table("leans", leans), table("evidence", evidences)), collapse = ",\n"), "\n}\n", sep = "")
