# Makes fixed.json with R alone (4.2.2, no packages): the tests that look once, by R's own functions where it has them, else worked
# out another way than in the code. Rscript fixed.R > fixed.json
set.seed(20261122)
number <- function(x) ifelse(is.infinite(x), "null", sprintf("%.17g", x))
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
vectors <- function(xs) paste0("[", paste(sapply(xs, vector), collapse = ", "), "]")
text <- function(x) paste0('"', x, '"')
row <- function(...) { fields <- list(...); paste0("{", paste0('"', names(fields), '": ', unlist(fields), collapse = ", "), "}") }
table <- function(name, rows) paste0('"', name, '": [\n  ', paste(rows, collapse = ",\n  "), "\n]")
sides <- c(greater = "greater", less = "less", different = "two.sided")
quiet <- suppressWarnings
side_of <- function(i) names(sides)[i %% 3 + 1]

# Mann-Whitney, exact and not, with its shift: wilcox.test.
whitney <- sapply(1:36, function(i) {
  big <- i > 24; stable <- rlnorm(if (big) sample(50:150, 1) else sample(3:49, 1), 2, 0.8); canary <- rlnorm(if (big) sample(5:80, 1) else sample(2:49, 1), 2.3, 0.8)
  tied <- i %% 2 == 0; if (tied) { stable <- ceiling(stable); canary <- ceiling(canary) } else { stable <- signif(stable, 8); canary <- signif(canary, 8) }
  side <- side_of(i); continuity <- i %% 4 < 2
  w <- quiet(wilcox.test(canary, stable, alternative = sides[side], correct = continuity))
  exact <- wilcox.test(sort(unique(canary)), setdiff(stable, canary), conf.int = TRUE, conf.level = 0.9) # no ties: R's exact interval
  fair <- length(unique(canary)) < 50 && length(setdiff(stable, canary)) < 50 && !anyDuplicated(setdiff(stable, canary))
  row(alternative = text(side), continuity = if (continuity) "true" else "false", stable = vector(stable), canary = vector(canary), wins = number(w$statistic), p = number(w$p.value),
    shift = number(median(outer(canary, stable, "-"))),
    untied = if (fair) paste0("{", '"stable": ', vector(setdiff(stable, canary)), ', "canary": ', vector(sort(unique(canary))), ', "lower": ', number(exact$conf.int[1]), ', "upper": ', number(exact$conf.int[2]), "}") else "null")
})

# van Elteren, from midranks and their permutation variance.
elteren <- sapply(1:24, function(i) {
  blocks <- lapply(1:sample(1:8, 1), function(b) { level <- runif(1, 1.5, 2.5); list(ceiling(rlnorm(sample(1:60, 1), level, 0.7)), ceiling(rlnorm(sample(1:20, 1), level + 0.1, 0.7))) })
  parts <- sapply(blocks, function(b) { n <- length(b[[1]]); m <- length(b[[2]]); r <- rank(c(b[[2]], b[[1]])); N <- n + m
    c((sum(r[1:m]) - m * (N + 1) / 2) / (N + 1), n * m / (N * (N - 1)) * sum((r - (N + 1) / 2)^2) / (N + 1)^2) })
  z <- sum(parts[1, ]) / sqrt(sum(parts[2, ])); side <- side_of(i)
  p <- switch(side, greater = pnorm(z, lower.tail = FALSE), less = pnorm(z), different = 2 * pnorm(-abs(z)))
  one <- if (length(blocks) == 1) quiet(wilcox.test(blocks[[1]][[2]], blocks[[1]][[1]], alternative = sides[side], exact = FALSE, correct = FALSE))$p.value else p
  stopifnot(abs(one / p - 1) < 1e-9)
  row(alternative = text(side), stable = vectors(lapply(blocks, `[[`, 1)), canary = vectors(lapply(blocks, `[[`, 2)), z = number(z), p = number(p))
})

# Cochran-Mantel-Haenszel with its odds ratio, and the exact conditional test: mantelhaen.test; of one block fisher.test.
array_of <- function(blocks) array(unlist(lapply(blocks, function(b) c(b[4], b[2], b[3] - b[4], b[1] - b[2]))), c(2, 2, length(blocks)))
random_rates <- function(k, most) lapply(1:k, function(b) {
  n <- sample(10:most, 1); m <- sample(5:(most / 2), 1); p <- runif(1, 0.02, 0.3); c(n, max(1, rbinom(1, n, p)), m, rbinom(1, m, min(0.9, 1.6 * p))) })
mantel <- sapply(1:24, function(i) {
  blocks <- random_rates(sample(2:9, 1), 400); x <- array_of(blocks); side <- side_of(i); continuity <- i %% 4 < 2
  t <- mantelhaen.test(x, alternative = sides[side], correct = continuity); both <- mantelhaen.test(x)
  row(alternative = text(side), continuity = if (continuity) "true" else "false", blocks = vectors(blocks), p = number(t$p.value),
    oddsRatio = number(both$estimate), lower = number(both$conf.int[1]), upper = number(both$conf.int[2]))
})
# At other odds ratios: the noncentral hypergeometric distribution, whole.
margins <- sapply(1:18, function(i) {
  blocks <- random_rates(sample(1:9, 1), 400); ratio <- c(1.5, 0.5, 3)[i %% 3 + 1]
  parts <- sapply(blocks, function(b) { k <- b[2] + b[4]; y <- max(0, k - b[1]):min(k, b[3]); d <- dhyper(y, b[3], b[1], k, log = TRUE) + y * log(ratio); d <- exp(d - max(d)); d <- d / sum(d)
    c(b[4] - sum(d * y), sum(d * y^2) - sum(d * y)^2) })
  row(oddsRatio = number(ratio), blocks = vectors(blocks), z = number(sum(parts[1, ]) / sqrt(sum(parts[2, ]))))
})
exact <- sapply(1:30, function(i) {
  side <- side_of(i); one <- i %% 2 == 0; ratio <- if (one) c(1, 1.5, 3)[i %% 3 + 1] else 1
  blocks <- random_rates(if (one) 1 else sample(2:5, 1), 40); if (i == 2) blocks <- list(c(9, 1, 7, 0)); x <- array_of(blocks)
  test <- function(side) if (one) fisher.test(x[, , 1], or = ratio, alternative = side) else mantelhaen.test(x, alternative = side, exact = TRUE)
  t <- test(sides[side]); both <- test("two.sided")
  row(alternative = text(side), ratio = number(ratio), blocks = vectors(blocks), p = number(t$p.value), oddsRatio = number(both$estimate),
    lower = if (both$conf.int[1] == 0) "null" else number(both$conf.int[1]), upper = number(both$conf.int[2]))
})

# Miettinen and Nurminen: the restricted maximum by looking for it, not by the cubic; at 0 in one block it is prop.test.
restricted <- function(b, d) { n <- b[1]; s <- b[2]; m <- b[3]; y <- b[4]; from <- max(0, -d); to <- min(1, 1 - d)
  slope <- function(p) (if (y > 0) y / (p + d) else 0) - (if (m > y) (m - y) / (1 - p - d) else 0) + (if (s > 0) s / p else 0) - (if (n > s) (n - s) / (1 - p) else 0)
  e <- 1e-13; if (slope(from + e) <= 0) from else if (slope(to - e) >= 0) to else uniroot(slope, c(from + e, to - e), tol = 1e-16, maxiter = 10000)$root }
mn_z <- function(blocks, d) { parts <- sapply(blocks, function(b) { p <- restricted(b, d); q <- p + d; N <- b[1] + b[3]; w <- b[1] * b[3] / N
    c(w * (b[4] / b[3] - b[2] / b[1] - d), w^2 * N / (N - 1) * (q * (1 - q) / b[3] + p * (1 - p) / b[1])) }); sum(parts[1, ]) / sqrt(sum(parts[2, ])) }
single <- c(300, 12, 100, 9); stopifnot(abs(mn_z(list(single), 0)^2 / (quiet(prop.test(c(9, 12), c(100, 300), correct = FALSE))$statistic * 399 / 400) - 1) < 1e-9)
differences <- sapply(1:24, function(i) {
  d <- c(0, 0.001, 0.03, -0.02)[i %% 4 + 1]; blocks <- random_rates(sample(1:9, 1), 400); if (i %% 5 == 0) blocks <- c(blocks, list(c(450, 0, 50, 0), c(450, 0, 50, 1)))
  lower <- uniroot(function(d) mn_z(blocks, d) - qnorm(0.975), c(-0.6, 0.6), tol = 1e-13)$root; upper <- uniroot(function(d) mn_z(blocks, d) + qnorm(0.975), c(-0.6, 0.6), tol = 1e-13)$root
  row(difference = number(d), blocks = vectors(blocks), z = number(mn_z(blocks, d)), lower = number(lower), upper = number(upper))
})

binomials <- unlist(lapply(list(c(212, 156, 0.5), c(0, 5, 0.3), c(7, 0, 0.4), c(3, 4, 0.5), c(9000, 1100, 0.1), c(815482, 821588, 0.5), c(95, 2, 0.05), c(40, 60, 0.61), c(6, 4, 0.4)), function(s)
  sapply(names(sides), function(side) { t <- binom.test(s[2], s[1] + s[2], s[3], sides[side]); ci <- binom.test(s[2], s[1] + s[2], s[3])$conf.int
    row(alternative = text(side), stable = number(s[1]), canary = number(s[2]), share = number(s[3]), p = number(t$p.value), lower = number(ci[1]), upper = number(ci[2])) })))

cdf <- c(1e-300, 1e-20, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.7, 0.999)
quantiles <- sapply(cdf, function(p) row(p = number(p), z = number(qnorm(p))))
students <- unlist(lapply(c(1, 2.5, 10, 97.3, 1e6), function(df) sapply(c(-3, -0.1, 0, 0.3, 1.5, 4, 30), function(t)
  row(t = number(t), df = number(df), tail = number(pt(t, df, lower.tail = FALSE)), quantile = number(qt(0.01, df, lower.tail = FALSE))))))
cat("{\n", paste(c(table("mannWhitney", whitney), table("vanElteren", elteren), table("cochranMantelHaenszel", mantel), table("oddsRatioMargin", margins), table("fisherExact", exact),
  table("riskDifference", differences), table("conditionalBinomial", binomials), table("normalQuantile", quantiles), table("studentTail", students)), collapse = ",\n"), "\n}\n", sep = "")
