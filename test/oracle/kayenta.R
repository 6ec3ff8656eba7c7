# Makes kayenta.json with R alone (4.2.2): intervals of wilcox.test, and the estimate with the correction for continuity that
# Kayenta leaves in, by the same uniroot. Rscript kayenta.R > kayenta.json
set.seed(20261121)
number <- function(x) sprintf("%.15g", x)
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
row <- function(...) { fields <- list(...); paste0("{", paste0('"', names(fields), '": ', unlist(fields), collapse = ", "), "}") }

estimate <- function(x, y) {
  n <- length(x); m <- length(y)
  standardised <- function(shift) {
    ranks <- rank(c(x - shift, y)); ties <- table(ranks)
    excess <- sum(ranks[1:n]) - n * (n + 1) / 2 - n * m / 2
    (excess - 0.5 * sign(excess)) / sqrt(n * m / 12 * (n + m + 1 - sum(ties^3 - ties) / ((n + m) * (n + m - 1))))
  }
  uniroot(standardised, c(min(x) - max(y), max(x) - min(y)), tol = 1e-4)$root
}

sizes <- list(c(30, 30), c(5, 60), c(60, 5), c(10, 10), c(3, 4), c(1, 7), c(60, 60))
drawn <- list(
  function(k, shift) rlnorm(k, log(100), 0.3) * (1 + shift),
  function(k, shift) round(rnorm(k, 20 + 5 * shift, 3)),
  function(k, shift) rbinom(k, 200, 0.01 * (1 + 4 * shift)) / 200,
  function(k, shift) rbinom(k, 5000, 0.0003 * (1 + shift)) / 5000,
  function(k, shift) runif(k, -1, 1 + shift),
  function(k, shift) rlnorm(k, log(1e-3), 0.5) * (1 + shift))
rows <- c()
for (size in sizes) for (draw in drawn) for (shift in c(0, 0.2, 1)) {
  canary <- signif(draw(size[1], shift), 5); stable <- signif(draw(size[2], 0), 5)
  if (length(unique(canary)) == 1 && length(unique(stable)) == 1) next
  level <- if (length(rows) %% 2 == 0) 0.98 else 0.95
  test <- suppressWarnings(wilcox.test(canary, stable, exact = FALSE, conf.int = TRUE, conf.level = level))
  rows <- c(rows, row(canary = vector(canary), stable = vector(stable), z = number(qnorm((1 - level) / 2, lower = FALSE)),
    lower = number(test$conf.int[1]), upper = number(test$conf.int[2]), estimate = number(estimate(canary, stable)),
    withoutCorrection = number(test$estimate)))
}
cat(paste0('{"shifts": [\n  ', paste(rows, collapse = ",\n  "), "\n]}\n"))
