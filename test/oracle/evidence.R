# Makes evidence.json with R alone (4.2.2, no packages): each kind of evidence worked out another way than in the code.
# Rscript evidence.R > evidence.json
set.seed(20261121)
number <- function(x) sprintf("%.17g", x)
vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
row <- function(...) { fields <- list(...); paste0("{", paste0('"', names(fields), '": ', unlist(fields), collapse = ", "), "}") }
table <- function(name, rows) paste0('"', name, '": [\n  ', paste(rows, collapse = ",\n  "), "\n]")
log_sum <- function(logs) max(logs) + log(sum(exp(logs - max(logs))))
log_mean <- function(logs) log_sum(logs) - log(length(logs))

# log E exp(tilt y), y hypergeometric: the whole sum over dhyper.
log_moment <- function(n, m, events, tilt) {
  y <- max(0, events - n):min(events, m)
  log_sum(dhyper(y, m, n, events, log = TRUE) + tilt * y)
}
sizes <- list(c(450, 50, 5), c(450, 50, 50), c(450, 50, 500), c(450, 50, 499), c(50, 450, 5), c(50, 450, 250), c(7, 5, 6), c(1, 1, 1),
  c(4500, 500, 5), c(4500, 500, 500), c(25000, 25000, 500), c(99000, 1000, 1000))
moments <- unlist(lapply(sizes, function(s) sapply(log(c(1 / 20, 1 / 1.5, 1, 1.1, 3, 20)), function(tilt)
  row(n = number(s[1]), m = number(s[2]), events = number(s[3]), tilt = number(tilt), expected = number(log_moment(s[1], s[2], s[3], tilt))))))

# The mean over tilts, and for "greater" over the block at which harm begins, as the sum that it is: no recursion.
# factors: a row for each block, a column for each tilt. No block multiplies a tilt by more than 3.
mixture <- function(factors, information, greater) {
  factors <- pmin(factors, log(3))
  blocks <- nrow(factors); held <- if (greater) 0.2 else 0
  left <- held / (1 + log1p(cumsum(information) / 100))
  stakes <- c(held, left[-blocks])[1:blocks] - left; stakes[1] <- stakes[1] + 1 - held
  terms <- log(left[blocks])
  for (start in 1:blocks) terms <- c(terms, log(stakes[start]) + log_mean(colSums(factors[start:blocks, , drop = FALSE])))
  log_sum(terms[is.finite(terms)])
}

# The canary's wins: the statistic W of wilcox.test, ties counted one half.
wins <- sapply(1:12, function(i) {
  stable <- ceiling(rlnorm(sample(1:60, 1), 2, 0.8)); canary <- ceiling(rlnorm(sample(1:20, 1), 2.2, 0.8))
  w <- suppressWarnings(wilcox.test(canary, stable, exact = FALSE))$statistic
  row(stable = vector(stable), canary = vector(canary), expected = number(w))
})

tilts <- log(c(1.2, 1.5, 2, 4, 12))
truth <- function(greater) if (greater) "true" else "false"
rates <- function(blocks) paste0("[", paste(sapply(blocks, vector), collapse = ", "), "]")
random_rates <- function() lapply(1:sample(1:6, 1), function(b) {
  n <- sample(1:800, 1); m <- sample(1:200, 1); p <- runif(1, 0.01, 0.2); c(n, rbinom(1, n, p), m, rbinom(1, m, min(1, 2 * p))) })
informative <- function(b) b[2] + b[4] > 0 && b[2] + b[4] < b[1] + b[3]
information <- function(blocks) sapply(blocks, function(b) b[1] * b[3] / (b[1] + b[3]))

odds <- sapply(1:40, function(i) {
  blocks <- Filter(informative, c(random_rates(), list(c(10, 1, 10, 1)))); ratio <- sample(c(1, 1.5, 0.5), 1); greater <- i %% 2 == 0
  factors <- t(sapply(blocks, function(b) sapply((if (greater) 1 else -1) * tilts, function(tilt) {
    events <- b[2] + b[4]
    tilt * b[4] - log_moment(b[1], b[3], events, log(ratio) + tilt) + log_moment(b[1], b[3], events, log(ratio)) })))
  row(greater = truth(greater), oddsRatio = number(ratio), blocks = rates(blocks), expected = number(mixture(factors, information(blocks), greater)))
})

# With b from its definition, and the cap on (m/n) v / (1 + d v) by solving for v.
differences <- sapply(1:40, function(i) {
  blocks <- random_rates(); d <- sample(c(0, 0.001, 0.05, -0.02), 1); greater <- i %% 2 == 0
  factors <- t(sapply(blocks, function(b) sapply(c(0.1, 0.5, 1, 2, 5), function(a) {
    n <- b[1]; m <- b[3]; v <- if (greater) exp(a) - 1 else exp(-a) - 1
    share <- function(v) m / n * v / (1 + d * v) - 0.6
    most <- if (d < 0) min(v, (1 - 1e-6) / -d) else v # beyond it 1 + dv is not positive
    if (share(most) > 0) v <- uniroot(share, c(0, most), tol = 1e-15)$root
    b[4] * log(1 + v) + b[2] * log(1 - m / n * v / (1 + d * v)) - m * log(1 + d * v) })))
  row(greater = truth(greater), difference = number(d), blocks = rates(blocks), expected = number(mixture(factors, information(blocks), greater)))
})

# Rank evidence from the W of wilcox.test.
ranks <- sapply(1:12, function(i) {
  greater <- i %% 2 == 0
  blocks <- lapply(1:sample(1:5, 1), function(b) list(ceiling(rlnorm(sample(5:60, 1), 2, 0.8)), ceiling(rlnorm(sample(1:20, 1), 2.4, 0.8))))
  factors <- t(sapply(blocks, function(b) {
    n <- length(b[[1]]); m <- length(b[[2]])
    w <- suppressWarnings(wilcox.test(b[[2]], b[[1]], exact = FALSE))$statistic
    s <- (if (greater) 1 else -1) * (w - n * m / 2) / (n + m + 1); l <- 12 * c(0.01, 0.028, 0.08, 0.22)
    l * s - l^2 / 2 * n * m / (12 * (n + m + 1)) }))
  row(greater = truth(greater), stable = paste0("[", paste(sapply(blocks, function(b) vector(b[[1]])), collapse = ", "), "]"),
    canary = paste0("[", paste(sapply(blocks, function(b) vector(b[[2]])), collapse = ", "), "]"),
    expected = number(mixture(factors, sapply(blocks, function(b) length(b[[1]]) * length(b[[2]]) / (length(b[[1]]) + length(b[[2]]))), greater)))
})

# Tail evidence: the canary's part of the top K, at the edge the mean over the orders of its ties.
tail_cases <- sapply(1:18, function(i) {
  greater <- i %% 2 == 0; part <- c(0.1, 0.05, 0.01)[i %% 3 + 1]
  blocks <- lapply(1:sample(1:5, 1), function(b) list(ceiling(rlnorm(sample(5:300, 1), 2, 0.8)), ceiling(rlnorm(sample(1:60, 1), 2.4, 0.8))))
  factors <- t(sapply(blocks, function(b) {
    n <- length(b[[1]]); m <- length(b[[2]]); k <- max(1, floor(part * (n + m) + 0.5))
    edge <- sort(c(b[[1]], b[[2]]), decreasing = TRUE)[k]; above <- sum(c(b[[1]], b[[2]]) > edge); at_edge <- sum(c(b[[1]], b[[2]]) == edge)
    y <- sum(b[[2]] > edge) + (k - above) * sum(b[[2]] == edge) / at_edge
    sapply((if (greater) 1 else -1) * tilts, function(tilt) tilt * y - log_moment(n, m, k, tilt)) }))
  row(greater = truth(greater), share = number(part), stable = paste0("[", paste(sapply(blocks, function(b) vector(b[[1]])), collapse = ", "), "]"),
    canary = paste0("[", paste(sapply(blocks, function(b) vector(b[[2]])), collapse = ", "), "]"),
    expected = number(mixture(factors, sapply(blocks, function(b) length(b[[1]]) * length(b[[2]]) / (length(b[[1]]) + length(b[[2]]))), greater)))
})

# Beta-binomial mixture: the likelihood ratio integrated over the prior, cut off at the share when one-sided.
share_evidence <- function(side, share, k, stable, canary) {
  a <- k * share; b <- k * (1 - share)
  mean <- (a + canary) / (k + stable + canary); wide <- sqrt(mean * (1 - mean) / (k + stable + canary))
  from <- max(0, mean - 14 * wide); to <- min(1, mean + 14 * wide); mass <- 0
  if (side == "greater") { from <- max(from, share); to <- max(to, share + 14 * wide); mass <- pbeta(share, a, b, lower.tail = FALSE, log.p = TRUE) }
  if (side == "less") { to <- min(to, share); from <- min(from, share - 14 * wide); mass <- pbeta(share, a, b, log.p = TRUE) }
  from <- max(0, from); to <- min(1, to)
  g <- function(t) dbeta(t, a, b, log = TRUE) + canary * (log(t) - log(share)) + stable * (log1p(-t) - log1p(-share))
  peak <- max(g(seq(from, to, length.out = 2001)[2:2000]))
  log(integrate(function(t) exp(g(t) - peak), from, to, rel.tol = 1e-11, subdivisions = 2000)$value) + peak - mass
}
shares <- unlist(lapply(list(c(0.5, 100, 212, 156), c(0.5, 1000, 5200, 4800), c(0.1, 1000, 9000, 1000), c(0.1, 1000, 9300, 700), c(0.05, 1000, 95, 5), c(0.5, 1000, 815482, 821588)), function(s)
  sapply(c("greater", "less", "different"), function(side)
    row(alternative = paste0('"', side, '"'), share = number(s[1]), concentration = number(s[2]), stable = number(s[3]), canary = number(s[4]),
      expected = number(share_evidence(side, s[1], s[2], s[3], s[4]))))))

holms <- sapply(1:20, function(i) { p <- round(rbeta(sample(2:9, 1), 0.2, 3), 4); row(pValues = vector(p), adjusted = vector(p.adjust(p, "holm"))) })

quantiles <- sapply(1:6, function(i) { x <- rlnorm(2000, -2, 0.6); q <- c(0.1, 0.5, 0.9, 0.99)
  row(values = vector(signif(x, 6)), q = vector(q), expected = vector(quantile(signif(x, 6), q, type = 1)), mean = number(mean(signif(x, 6)))) })

cat("{\n", paste(c(table("logMoments", moments), table("wins", wins), table("oddsRatio", odds),
  table("riskDifference", differences), table("rank", ranks), table("tail", tail_cases),
  table("share", shares), table("holm", holms), table("quantiles", quantiles[1:2])), collapse = ",\n"), "\n}\n", sep = "")
